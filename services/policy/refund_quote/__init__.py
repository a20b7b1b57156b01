"""What a cancellation or a change would give back or cost: computed from the contract, stored nowhere."""
