# Nagios and Icinga: a notification command.
{refused: "the recipe nagios is not written yet"}
