"""What is asked of a doctor: the doctor's home, the request's page, the form a nurse asks with."""
