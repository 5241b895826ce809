"""Mailboxes of Microsoft 365, by Microsoft Graph."""
