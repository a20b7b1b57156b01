"""What others say about a policy without changing it: complaints, mis-selling cases, findings, signals of risk."""
