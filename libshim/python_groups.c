/* Groups of an optimizer and of what is loaded into it. See python_groups.h. */
#include <string.h>

#include "python_groups.h"
#include "python_modules.h"
#include "recorder.h"

#define FRAMES_MOST 8
#define NDIM_MOST 8
#define SHAPES_MOST 256
#define ENTRIES_MOST 20000 /* parameters of a state */

struct shape { int ndim; int64_t sizes[NDIM_MOST]; int64_t saved, here; };

struct groups {
	struct json_writer *json;
	const struct python_torch *torch;
	struct python_object *type;                 /* torch.optim.Optimizer */
	struct python_object *optimizer, *state;    /* borrowed: a frame holds them */
	struct python_object *here, *saved;         /* lists of groups; borrowed */
	const struct python_modules *modules;       /* the tree that is visited */
	struct shape shapes[SHAPES_MOST];
	int shape_count, named;
	bool full;
	uint32_t reserve;
};

static bool
visit_variable(void *context, const char *name, struct python_object *value)
{
	struct groups *groups = context;

	if (!strcmp(name, "self") && python_isinstance(value, groups->type))
		groups->optimizer = value;
	else if (python_kind(value) == PYTHON_DICT && python_kind(python_item(value, "param_groups")) == PYTHON_LIST)
		groups->state = value;
	return !groups->optimizer || !groups->state;
}

/* The list of parameters of group I; NULL. */
static struct python_object *
list_of(struct python_object *list, long i)
{
	struct python_object *group = i < py.PyList_Size(list) ? py.PyList_GetItem(list, i) : NULL;
	struct python_object *parameters = python_kind(group) == PYTHON_DICT ? python_item(group, "params") : NULL;

	return python_kind(parameters) == PYTHON_LIST ? parameters : NULL;
}

static long
length_of(struct python_object *list, long i)
{
	struct python_object *parameters = list_of(list, i);

	return parameters ? py.PyList_Size(parameters) : -1;
}

static bool
agree(const struct groups *groups)
{
	long count = py.PyList_Size(groups->here);

	if (count != py.PyList_Size(groups->saved))
		return false;
	for (long i = 0; i < count; i++)
		if (length_of(groups->here, i) != length_of(groups->saved, i))
			return false;
	return true;
}

static void
write_lengths(struct json_writer *json, const char *key, struct python_object *list)
{
	json_key(json, key);
	json_array_begin(json);
	for (long i = 0; i < py.PyList_Size(list) && i < GROUPS_MOST; i++)
		json_int(json, length_of(list, i));
	json_array_end(json);
}

static bool
read_tensor(const struct groups *groups, struct python_object *object, struct tensor_meta *meta)
{
	const void *impl = object && python_is_tensor(groups->torch, object) ? python_tensor_impl(groups->torch, object) : NULL;

	return impl && tensor_read(impl, meta) && !(meta->flags & BOX_TENSOR_OPAQUE) && meta->ndim > 0 && meta->ndim <= NDIM_MOST;
}

/* The entry of META's shape, made where ADD; NULL. */
static struct shape *
shape_of(struct groups *groups, const struct tensor_meta *meta, bool add)
{
	struct shape *shape;

	for (int i = 0; i < groups->shape_count; i++)
		if (groups->shapes[i].ndim == meta->ndim && !memcmp(groups->shapes[i].sizes, meta->sizes, (size_t)meta->ndim * sizeof(int64_t)))
			return &groups->shapes[i];
	groups->full = groups->full || (add && groups->shape_count == SHAPES_MOST);
	if (!add || groups->full)
		return NULL;
	shape = &groups->shapes[groups->shape_count++];
	memset(shape, 0, sizeof *shape);
	shape->ndim = meta->ndim;
	memcpy(shape->sizes, meta->sizes, (size_t)meta->ndim * sizeof(int64_t));
	return shape;
}

/* What is kept of a saved parameter has its shape, but for what is kept once for all of it: the first of those. */
static void
count_entry(struct groups *groups, struct python_object *entry)
{
	struct python_object *key, *value;
	struct tensor_meta meta;
	struct shape *shape;
	long position = 0;

	while (python_kind(entry) == PYTHON_DICT && py.PyDict_Next(entry, &position, &key, &value)) {
		if (!read_tensor(groups, value, &meta))
			continue;
		shape = shape_of(groups, &meta, true);
		if (shape)
			shape->saved++;
		return;
	}
}

static void
count_shapes(struct groups *groups)
{
	struct python_object *entries = python_item(groups->state, "state"), *key, *value;
	struct tensor_meta meta;
	struct shape *shape;
	long position = 0;

	for (int i = 0; python_kind(entries) == PYTHON_DICT && i < ENTRIES_MOST && py.PyDict_Next(entries, &position, &key, &value); i++)
		count_entry(groups, value);
	for (long i = 0; i < py.PyList_Size(groups->here); i++) {
		struct python_object *list = list_of(groups->here, i);

		for (long n = 0; list && n < py.PyList_Size(list); n++) {
			if (!read_tensor(groups, py.PyList_GetItem(list, n), &meta))
				continue;
			shape = shape_of(groups, &meta, true);
			if (shape)
				shape->here++;
		}
	}
}

static bool
is_given(const struct groups *groups, struct python_object *parameter)
{
	for (long i = 0; i < py.PyList_Size(groups->here); i++) {
		struct python_object *list = list_of(groups->here, i);

		for (long n = 0; list && n < py.PyList_Size(list); n++)
			if (py.PyList_GetItem(list, n) == parameter)
				return true;
	}
	return false;
}

static void
write_parameter(struct groups *groups, int index, struct python_object *name, const struct shape *shape, int trained)
{
	struct json_writer *json = groups->json;
	char path[MODULE_PATH_BYTES + 128];
	size_t used;

	python_modules_node_path(groups->modules, index, path, MODULE_PATH_BYTES);
	used = strlen(path);
	if (used)
		path[used++] = '.';
	python_text_copy(name, path + used, 100);
	json_object_begin(json);
	json_key(json, "name");
	json_string(json, path);
	json_key(json, "shape");
	json_array_begin(json);
	for (int i = 0; i < shape->ndim; i++)
		json_int(json, shape->sizes[i]);
	json_array_end(json);
	json_key(json, "requires_grad");
	json_bool(json, trained == 1);
	json_key(json, "saved");
	json_int(json, shape->saved);
	json_key(json, "here");
	json_int(json, shape->here);
	json_object_end(json);
}

/* A parameter that the optimizer lacks of a shape that was saved oftener, or has of one that was saved less often. */
static void
visit_parameter(void *context, int index, struct python_object *name, struct python_object *object)
{
	struct groups *groups = context;
	struct tensor_meta meta;
	const struct shape *shape = read_tensor(groups, object, &meta) ? shape_of(groups, &meta, false) : NULL;

	if (!shape || shape->saved == shape->here || groups->named >= GROUPS_NAMES || json_left(groups->json) < groups->reserve + GROUPS_ROW_BYTES
	    || is_given(groups, object) == (shape->saved > shape->here))
		return;
	groups->named++;
	write_parameter(groups, index, name, shape, python_tensor_flag(groups->torch, object, "requires_grad"));
}

static int64_t
visit_tree(const struct python_modules *modules, void *context)
{
	struct groups *groups = context;

	if (groups->named)
		return 0; /* another root had them: the same model by another name, or one that isn't this optimizer's */
	groups->modules = modules;
	for (int i = 0; i < modules->count; i++)
		python_modules_parameters(modules, groups->torch, i, visit_parameter, groups);
	return 0;
}

static bool
find(struct groups *groups, const struct python_trace *trace)
{
	struct python_visitor visitor = { visit_variable, groups };

	for (int i = 0; i < trace->count && i < FRAMES_MOST; i++) {
		groups->optimizer = groups->state = NULL;
		if (python_code_is_module(trace->frames[i].code))
			continue;
		python_trace_variables(&trace->frames[i], &visitor);
		if (groups->optimizer && groups->state)
			return true;
	}
	return false;
}

void
python_groups_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve)
{
	static struct groups groups; /* 20 KB, under the GIL */
	struct python_object *dict;
	struct python_modules none;

	memset(&groups, 0, sizeof groups);
	groups.json = json;
	groups.torch = torch;
	groups.reserve = reserve;
	groups.type = python_module_item("torch.optim.optimizer", "Optimizer");
	if (python_kind(groups.type) != PYTHON_TYPE || !find(&groups, trace)) {
		json_null(json);
		return;
	}
	dict = python_dict(groups.optimizer);
	groups.here = python_item(dict, "param_groups");
	groups.saved = python_item(groups.state, "param_groups");
	if (python_kind(groups.here) != PYTHON_LIST || agree(&groups) || json_left(json) < reserve + GROUPS_ROW_BYTES) {
		json_null(json);
	} else {
		json_object_begin(json);
		write_lengths(json, "groups", groups.here);
		write_lengths(json, "saved", groups.saved);
		json_key(json, "parameters");
		json_array_begin(json);
		count_shapes(&groups);
		if (!groups.full)
			python_modules_find_best(&none, torch, trace, visit_tree, &groups);
		json_array_end(json);
		json_object_end(json);
	}
	python_release(dict);
}
