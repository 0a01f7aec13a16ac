"""What auditors look for in the audit log: pages, exports, and whether an exported file is what was exported."""
