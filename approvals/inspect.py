"""Every check over one request, with all the reasons collected."""
