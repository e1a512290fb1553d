"""The patient's page as the staff read it, and the pages it opens."""
