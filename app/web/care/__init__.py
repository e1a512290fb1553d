"""The screens of the nurses' programmes: the call sheet, the planned calls, a patient's programmes, the live numbers."""
