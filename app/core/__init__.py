"""The cellar: settings, time, database, audit, signing, refusals."""
