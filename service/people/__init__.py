"""People at a browser: enrolment by a link that serves once, and signing in without passwords."""
