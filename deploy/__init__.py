"""What a deployment runs beside the deployables: its jobs, the start of a container, its health check."""
