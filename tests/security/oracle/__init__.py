"""A second, independent statement of who may do what, written from the manual of authority by duty and place.

It imports nothing of the product and reads none of its files: what it and the product's data say is compared.
"""
