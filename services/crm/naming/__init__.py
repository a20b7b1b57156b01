"""Manager, claims contact and engineer of a key account, each with his days."""
