"""The nouns of an approval: quorum, approver, deadline, vote."""
