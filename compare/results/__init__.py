"""What every command finds: frozen types that turn into JSON and back. Nothing here computes."""
