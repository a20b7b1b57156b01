"""The second look: some decided files are looked at again by the unit above, and so are patterns of small claims."""
