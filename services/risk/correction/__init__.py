"""What customers said in a return visit against our prevention work: a task with the plan, until it is put right."""
