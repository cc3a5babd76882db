"""The probe engine: every connection that the daemon opens is dialled here, under one policy."""
