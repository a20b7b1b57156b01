"""How a complaint comes in, at any unit and by any channel, and to which branch it belongs."""
