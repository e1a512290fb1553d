"""The patient's pages behind a link: the guard, a visit, the questions, the end."""
