/* Which module a row stands for. See python_state_count.h. */
#include "python_state_count.h"

bool
state_is_floating(int dtype)
{
	return (dtype >= 5 && dtype <= 7) || dtype == 15; /* float16, float32, float64, bfloat16: c10::ScalarType */
}

void
state_find_majority(struct counting *counting)
{
	const struct python_modules *modules = counting->modules;
	struct { int value; int64_t elements; } seen[2][8];
	int count[2] = { 0, 0 };

	for (int i = 0; i < modules->count; i++) {
		const struct module_node *node = &modules->nodes[i];
		int64_t own = node->parameters;

		for (int child = i + 1; child < node->end; child = modules->nodes[child].end)
			own -= modules->nodes[child].parameters;
		for (int kind = 0; kind < 2 && own > 0; kind++) {
			int value = kind ? node->dtype : node->device, n = 0;
			if (value == MODULE_SEVERAL || value == MODULE_NONE || (kind && !state_is_floating(value)))
				continue;
			while (n < count[kind] && seen[kind][n].value != value)
				n++;
			if (n == 8)
				continue;
			if (n == count[kind]) {
				seen[kind][n].value = value;
				seen[kind][n].elements = 0;
				count[kind]++;
			}
			seen[kind][n].elements += own;
		}
	}
	counting->device = counting->dtype = MODULE_NONE;
	for (int kind = 0; kind < 2; kind++) {
		int64_t most = 0;
		for (int n = 0; n < count[kind]; n++)
			if (seen[kind][n].elements > most) {
				most = seen[kind][n].elements;
				*(kind ? &counting->dtype : &counting->device) = seen[kind][n].value;
			}
	}
}

int
state_innermost(const struct counting *counting, int index)
{
	const struct module_node *nodes = counting->modules->nodes;
	int list = counting->list, all = counting->counts[index].odd[list];

	for (int child = index + 1; child < nodes[index].end;) {
		if (counting->counts[child].odd[list] == all) {
			index = child++;
			continue;
		}
		child = nodes[child].end;
	}
	return index;
}

bool
state_is_amid(const struct counting *counting, int index)
{
	const struct module_node *nodes = counting->modules->nodes, *node = &nodes[index];
	const struct counts *counts = counting->counts;
	int before = -1, after = node->end;

	for (int child = node->parent + 1; index > 0 && child < index; child = nodes[child].end)
		before = child;
	if (index == 0 || before < 0 || after >= nodes[node->parent].end)
		return false;
	for (int n = 0; n < 2; n++) {
		int other = n ? after : before;
		if (python_type(nodes[other].module) == python_type(node->module) && counts[other].tensors == counts[index].tensors
		    && counts[other].elements == counts[index].elements)
			return true;
	}
	return false;
}
