"""Mailboxes of Gmail and Google Workspace, by the Gmail API."""
