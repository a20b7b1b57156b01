"""Directives (工作指令): what a unit tells those below it to do, until it is acknowledged and done."""
