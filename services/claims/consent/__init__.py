"""On which basis medical data of an injured person are kept."""
