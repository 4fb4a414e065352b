"""The student's code asked at every probe, in this process or in one of its own. Nothing is judged here."""
