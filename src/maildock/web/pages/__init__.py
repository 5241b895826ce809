"""The pages for people, server-rendered, behind a login."""
