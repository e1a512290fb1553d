"""The same questions on a page: the form behind a link, and the nurse who asks by telephone."""
