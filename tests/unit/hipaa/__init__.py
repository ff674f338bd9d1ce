"""Tests of the security tests: each check is green on a clean tree and red on a seeded defect."""
