"""What a request and an event cost, against a bare base line in the same run: `make bench`.

Not a part of the tests: nothing here is collected, and a figure says something only on a machine that does nothing
else.
"""
