"""Two records that are one person become one."""
