"""Things to test with: small trees, views, engines."""
