"""The shape of the database, one dated step at a time."""
