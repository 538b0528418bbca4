# What a plan must not do here. Try it:
#   opa eval --format pretty -d examples/judge/plan.rego -i examples/contoso.plan.json data.entrue.deny
#   conftest test --policy examples/judge --namespace entrue examples/contoso.plan.json
package entrue

import rego.v1

# Groups that may come into scope without a second look.
expected := {"CBA Testers"}

# Whom a state of a policy is for.
scope(state) := ids if {
	lower(state.State) == "enabled"
	ids := {lower(target.Id) | some target in state.IncludeTargets}
} else := set()

deny contains message if {
	some resource in input.resources
	some id in scope(resource.after) - scope(resource.before)
	name := object.get(resource.groups, id, id)
	not name in expected
	message := sprintf("%s: %v would come into scope", [resource.id, name])
}

deny contains message if {
	some resource in input.resources
	some change in resource.changes
	change.kind == "remove"
	startswith(change.path, "ExcludeTargets[")
	message := sprintf("%s: %s would no longer be excluded", [resource.id, change.label])
}

deny contains message if {
	some resource in input.resources
	resource.action == "delete"
	message := sprintf("%s: would be reset", [resource.id])
}
