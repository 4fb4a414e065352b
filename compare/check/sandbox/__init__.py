"""The student's process from inside: it confines itself, loads the file, and calls what it is asked to call.

No probe, no right answer and no known mistake stands here.
"""
