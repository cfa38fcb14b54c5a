/*
 * The table of modules: rows that are split into their children while their parameters differ.
 *
 * Neighbours that look alike (the layers of a transformer) are one row, "model.layers.0-27".
 */
#include <string.h>

#include "python_modules.h"

struct row {
	int first, last; /* sibling nodes that look alike */
	int copies;      /* how often the row stands for itself: alike siblings further up included */
	bool own;        /* the node's own parameters only: its children have their rows */
	char path[MODULE_PATH_BYTES];
};

static bool
is_uniform(const struct module_node *node)
{
	return node->dtype != MODULE_SEVERAL && node->device != MODULE_SEVERAL && !node->training_mixed
	       && !node->unknown_grad && (!node->trainable || node->trainable == node->parameters);
}

/* Whether NODE is one of a list's (ModuleList, Sequential): its name is a number. */
static bool
is_numbered(const struct module_node *node)
{
	char name[16];

	python_text_copy(node->name, name, sizeof name);
	return name[0] && name[strspn(name, "0123456789")] == 0;
}

static bool
is_alike(const struct module_node *nodes, int one, int other)
{
	const struct module_node *a = &nodes[one], *b = &nodes[other];

	return is_numbered(a) && is_numbered(b) && python_type(a->module) == python_type(b->module)
	       && a->dtype == b->dtype && a->device == b->device && a->own_dtype == b->own_dtype && a->own_device == b->own_device
	       && a->training == b->training
	       && a->training_mixed == b->training_mixed
	       && a->parameters == b->parameters && a->trainable == b->trainable && a->unknown_grad == b->unknown_grad
	       && a->empty == b->empty && a->end - one == b->end - other;
}

static void
path_join(char *text, const char *first, const char *second, const char *separator)
{
	size_t used = strlen(first);

	memmove(text, first, used + 1);
	if (used && used + strlen(separator) < MODULE_PATH_BYTES)
		used = strlen(strcat(text, separator));
	strncat(text, second, MODULE_PATH_BYTES - 1 - used);
}

static void
row_name(struct row *row, const struct python_modules *modules, const char *parent_path)
{
	char name[128];

	python_text_copy(modules->nodes[row->first].name, name, sizeof name);
	path_join(row->path, parent_path, name, ".");
	if (row->last != row->first) {
		python_text_copy(modules->nodes[row->last].name, name, sizeof name);
		path_join(row->path, row->path, name, "-");
	}
}

/* The rows of PARENT's children into OUT (room for MAX). Returns their number, or MAX + 1 if they don't fit. */
static int
rows_split(const struct python_modules *modules, const struct row *parent, struct row *out, int max)
{
	const struct module_node *nodes = modules->nodes;
	int count = 0;

	for (int child = parent->first + 1; child < nodes[parent->first].end; child = nodes[child].end) {
		if (!nodes[child].parameters && !nodes[child].empty)
			continue;
		if (count && nodes[out[count - 1].last].end == child
		    && is_alike(nodes, out[count - 1].first, child)) {
			out[count - 1].last = child;
			out[count - 1].copies += parent->copies;
			continue;
		}
		if (count == max)
			return max + 1;
		out[count].first = out[count].last = child;
		out[count].copies = parent->copies;
		out[count++].own = false;
	}
	for (int i = 0; i < count; i++)
		row_name(&out[i], modules, parent->path);
	return count;
}

/* What of ROW's parameters is its own, children taken off. */
static int64_t
own_parameters(const struct python_modules *modules, int index)
{
	const struct module_node *nodes = modules->nodes;
	int64_t own = nodes[index].parameters;

	for (int child = index + 1; child < nodes[index].end; child = nodes[child].end)
		own -= nodes[child].parameters;
	return own;
}

static bool
row_expand(const struct python_modules *modules, struct row *rows, int *count, int most, int at)
{
	struct row children[MODULES_ROWS + 1];
	struct row row = rows[at];
	int keep = own_parameters(modules, row.first) > 0;
	int room = most - *count - keep + 1; /* this row goes, or stays for what is its own */
	int added = room > 0 ? rows_split(modules, &row, children, room) : 0;

	if (!added || added > room)
		return false;
	memmove(&rows[at + keep + added], &rows[at + 1], (size_t)(*count - at - 1) * sizeof *rows);
	rows[at].own = true;
	memcpy(&rows[at + keep], children, (size_t)added * sizeof *rows);
	*count += added + keep - 1;
	return true;
}

static void
row_write(struct json_writer *json, const struct python_modules *modules, const struct row *row)
{
	const struct module_node *node = &modules->nodes[row->first];
	int64_t parameters = row->own ? own_parameters(modules, row->first) : node->parameters;
	int device_of = row->own ? node->own_device : node->device;
	struct tensor_meta meta = { .device_type = device_of >> 16, .device_index = (int16_t)device_of };
	char device[32];

	json_object_begin(json);
	json_key(json, "module");
	json_string(json, row->path);
	json_key(json, "class");
	json_string(json, python_type_name(python_type(node->module)));
	json_key(json, "modules");
	json_int(json, row->copies);
	json_key(json, "parameters");
	json_int(json, parameters * row->copies);
	json_key(json, "empty");
	json_int(json, node->empty * row->copies);
	json_key(json, "device");
	json_string(json, device_of < 0 ? NULL : python_device_name(&meta, device));
	json_key(json, "dtype");
	json_string(json, python_dtype_name(row->own ? node->own_dtype : node->dtype));
	json_key(json, "requires_grad");
	if (node->unknown_grad || (node->trainable && node->trainable != node->parameters))
		json_null(json);
	else
		json_bool(json, node->trainable != 0);
	json_key(json, "trainable");
	if (node->unknown_grad || row->own)
		json_null(json);
	else
		json_int(json, node->trainable * row->copies);
	json_key(json, "training");
	if (node->training_mixed && !row->own)
		json_null(json);
	else
		json_bool(json, node->training);
	json_key(json, "own");
	json_bool(json, row->own);
	json_key(json, "outside");
	json_bool(json, modules->outer && row->first >= modules->outer);
	json_object_end(json);
}

void
python_modules_write(struct json_writer *json, const struct python_modules *modules, uint32_t reserve)
{
	struct row rows[MODULES_ROWS + 1];
	uint32_t left = json_left(json), fit = left > reserve ? (left - reserve) / MODULE_ROW_BYTES : 0;
	int count = 1, most = fit < MODULES_ROWS ? (int)fit : MODULES_ROWS;

	json_array_begin(json);
	if (most > 0 && modules->nodes && modules->count) {
		rows[0] = (struct row){ .copies = 1 };
		path_join(rows[0].path, "", modules->root, "");
		/* The root's children are told even where all is alike; then level by level, as deep as they differ. */
		row_expand(modules, rows, &count, most, 0);
		if (modules->outer && count < most) {
			int at = count++;
			rows[at] = (struct row){ .first = modules->outer, .last = modules->outer, .copies = 1 };
			path_join(rows[at].path, "", modules->outer_name, "");
			row_expand(modules, rows, &count, most, at);
		}
		for (int depth = 1; depth <= MODULES_DEPTH; depth++)
			for (int i = 0; i < count; i++) {
				const struct module_node *node = &modules->nodes[rows[i].first];
				if (!rows[i].own && node->depth == depth && !is_uniform(node))
					row_expand(modules, rows, &count, most, i);
			}
		for (int i = 0; i < count; i++)
			row_write(json, modules, &rows[i]);
	}
	json_array_end(json);
}
