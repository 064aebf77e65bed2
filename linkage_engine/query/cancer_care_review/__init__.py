"""Reviews of cancer care in general practice: CAN004 and CAN005 with every reason, and in plain words."""
