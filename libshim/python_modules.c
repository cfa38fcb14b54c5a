/* The tree of nn.Modules around a failure. See python_modules.h. */
#include <string.h>
#include <sys/mman.h>

#include "../schema/box.h"
#include "python_modules.h"

#define TABLE_SIZE 65536u
#define CANDIDATES_MAX 16
#define ATTRIBUTES_MAX 256

struct candidate {
	struct python_object *module;
	char name[MODULE_PATH_BYTES];
};

struct candidates {
	const struct python_torch *torch;
	struct candidate list[CANDIDATES_MAX];
	int count;
	struct python_object *self;
};

static size_t
memory_size(void)
{
	return MODULES_MAX * sizeof(struct module_node) + TABLE_SIZE * sizeof(uint32_t);
}

static bool
memory_take(struct python_modules *modules)
{
	void *memory = mmap(NULL, memory_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(modules, 0, sizeof *modules);
	if (memory == MAP_FAILED)
		return false;
	modules->nodes = memory;
	modules->table = (uint32_t *)(modules->nodes + MODULES_MAX);
	return true;
}

void
python_modules_drop(struct python_modules *modules)
{
	if (modules->nodes)
		munmap(modules->nodes, memory_size());
	modules->nodes = NULL;
	modules->count = 0;
}

/* The table's slot of OBJECT: where it is, or where it would be. */
static uint32_t *
table_slot(const struct python_modules *modules, const struct python_object *object)
{
	uint32_t slot = (uint32_t)(((uintptr_t)object >> 4) * 0x9e3779b97f4a7c15u >> 48) % TABLE_SIZE;

	while (modules->table[slot] && modules->nodes[modules->table[slot] - 1].module != object)
		slot = (slot + 1) % TABLE_SIZE;
	return &modules->table[slot];
}

static void
merge(int *into, int value)
{
	*into = *into == MODULE_NONE || *into == value ? value : MODULE_SEVERAL;
}

static void
parameter_add(struct module_node *node, const struct python_torch *torch, struct python_object *parameter)
{
	const void *impl = python_tensor_impl(torch, parameter);
	struct tensor_meta meta;
	int64_t elements = 1;

	if (!impl || !tensor_read(impl, &meta))
		return;
	for (int i = 0; i < meta.ndim && !(meta.flags & BOX_TENSOR_OPAQUE); i++)
		elements *= meta.sizes[i];
	merge(&node->own_dtype, meta.dtype);
	merge(&node->own_device, meta.device_type << 16 | (meta.device_index & 0xffff));
	node->parameters += elements;
	node->empty += elements == 0;
	int trainable = python_tensor_flag(torch, parameter, "requires_grad");
	node->trainable += trainable == 1 ? elements : 0;
	node->unknown_grad += trainable < 0;
}

static void
child_add(struct module_node *node, const struct module_node *child)
{
	node->parameters += child->parameters;
	node->trainable += child->trainable;
	node->unknown_grad += child->unknown_grad;
	node->empty += child->empty;
	node->training_mixed |= child->training_mixed || child->training != node->training;
	if (child->dtype != MODULE_NONE) {
		merge(&node->dtype, child->dtype);
		merge(&node->device, child->device);
	}
}

static void
walk(struct python_modules *modules, const struct python_torch *torch, struct python_object *module,
     struct python_object *name, int parent)
{
	int index = modules->count, depth = parent < 0 ? 0 : modules->nodes[parent].depth + 1;
	struct module_node *node = &modules->nodes[index];
	uint32_t *slot = table_slot(modules, module);
	struct python_object *dict, *key, *value;
	long position = 0;

	if (*slot || index >= MODULES_MAX || depth > MODULES_DEPTH)
		return;
	modules->count++;
	*slot = (uint32_t)index + 1;
	*node = (struct module_node){ .module = module, .name = name, .parent = parent, .depth = depth,
				      .own_dtype = MODULE_NONE, .own_device = MODULE_NONE };
	dict = python_dict(module);
	struct python_object *training = python_item(dict, "training");
	int overflow;
	node->training = python_is(training, py.PyBool_Type) && py.PyLong_AsLongLongAndOverflow(training, &overflow);
	struct python_object *parameters = python_item(dict, "_parameters");
	while (python_kind(parameters) == PYTHON_DICT && py.PyDict_Next(parameters, &position, &key, &value))
		if (python_is_tensor(torch, value))
			parameter_add(node, torch, value);
	node->dtype = node->own_dtype;
	node->device = node->own_device;
	struct python_object *children = python_item(dict, "_modules");
	for (position = 0; python_kind(children) == PYTHON_DICT && py.PyDict_Next(children, &position, &key, &value);) {
		int child = modules->count;
		if (python_is_module(torch, value))
			walk(modules, torch, value, key, index);
		if (modules->count > child)
			child_add(node, &modules->nodes[child]);
	}
	node->end = modules->count;
	python_release(dict);
}

static void
candidate_add(struct candidates *candidates, struct python_object *module, const char *owner, const char *name)
{
	for (int i = 0; i < candidates->count; i++)
		if (candidates->list[i].module == module)
			return;
	if (candidates->count == CANDIDATES_MAX)
		return;
	struct candidate *candidate = &candidates->list[candidates->count++];
	candidate->module = module;
	candidate->name[0] = 0;
	if (owner) {
		strncat(candidate->name, owner, 100);
		strcat(candidate->name, ".");
	}
	if (owner || strcmp(name, "self"))
		strncat(candidate->name, name, 100);
}

static bool
visit_candidate(void *context, const char *name, struct python_object *value)
{
	struct candidates *candidates = context;

	if (!strcmp(name, "self"))
		candidates->self = value;
	if (python_is_module(candidates->torch, value))
		candidate_add(candidates, value, NULL, name);
	return true;
}

/* A trainer's model: modules held by the `self` of a frame that is no module itself. */
static void
visit_attributes(struct candidates *candidates)
{
	struct python_object *dict, *key, *value;
	long position = 0;
	char name[100];

	if (!candidates->self || python_is_module(candidates->torch, candidates->self))
		return;
	dict = python_dict(candidates->self);
	for (int i = 0; dict && i < ATTRIBUTES_MAX && py.PyDict_Next(dict, &position, &key, &value); i++)
		if (python_is_module(candidates->torch, value))
			candidate_add(candidates, value, "self", python_text_copy(key, name, sizeof name));
	python_release(dict);
}

static bool
visit_self(void *context, const char *name, struct python_object *value)
{
	struct candidates *candidates = context;

	if (strcmp(name, "self"))
		return true;
	candidates->self = value;
	return false;
}

struct python_object *
python_frame_module(const struct python_torch *torch, const struct python_frame *frame)
{
	struct candidates found = { .torch = torch };
	struct python_visitor visitor = { visit_self, &found };

	if (!torch->module || python_code_is_module(frame->code))
		return NULL;
	python_trace_variables(frame, &visitor);
	/* The frame keeps it alive. */
	return found.self && python_is_module(torch, found.self) ? found.self : NULL;
}

/* The modules that TRACE's variables hold, the outermost first. CANDIDATES has none yet. */
static void
candidates_find(struct candidates *candidates, const struct python_trace *trace)
{
	struct python_visitor visitor = { visit_candidate, candidates };

	for (int i = trace->count + trace->caller_count - 1; i >= 0; i--) {
		candidates->self = NULL;
		python_trace_variables(i < trace->count ? &trace->frames[i] : &trace->callers[i - trace->count], &visitor);
		visit_attributes(candidates);
	}
}

static bool
candidate_walk(struct python_modules *modules, const struct python_torch *torch, const struct candidate *candidate)
{
	if (!memory_take(modules))
		return false;
	strcpy(modules->root, candidate->name);
	walk(modules, torch, candidate->module, NULL, -1);
	return true;
}

/* The outermost module that runs in TRACE and isn't in the tree yet, as a second root. */
static void
outer_walk(struct python_modules *modules, const struct python_torch *torch, const struct python_trace *trace, const struct candidates *candidates)
{
	for (int i = trace->count - 1; i >= 0; i--) {
		struct python_object *module = python_frame_module(torch, &trace->frames[i]);
		if (!module || *table_slot(modules, module))
			continue;
		for (int n = 0; n < candidates->count; n++)
			if (candidates->list[n].module == module)
				strcpy(modules->outer_name, candidates->list[n].name);
		modules->outer = modules->count;
		walk(modules, torch, module, NULL, -1);
		if (modules->outer == modules->count)
			modules->outer = 0;
		return;
	}
}

bool
python_modules_find(struct python_modules *modules, const struct python_torch *torch, const struct python_trace *trace)
{
	struct candidates candidates = { .torch = torch };
	struct python_object *inner = NULL;

	memset(modules, 0, sizeof *modules);
	if (!torch->module)
		return false;
	candidates_find(&candidates, trace);
	for (int i = 0; i < trace->count && !inner; i++)
		inner = python_frame_module(torch, &trace->frames[i]);
	for (int i = 0; i < candidates.count; i++) {
		if (!candidate_walk(modules, torch, &candidates.list[i]))
			return false;
		if (!inner || *table_slot(modules, inner)) {
			outer_walk(modules, torch, trace, &candidates);
			return true;
		}
		python_modules_drop(modules);
	}
	return false;
}

bool
python_modules_find_best(struct python_modules *modules, const struct python_torch *torch, const struct python_trace *trace,
			 int64_t (*score)(const struct python_modules *modules, void *context), void *context)
{
	struct candidates candidates = { .torch = torch };
	struct python_modules here;
	int64_t best = 0;

	memset(modules, 0, sizeof *modules);
	if (!torch->module)
		return false;
	candidates_find(&candidates, trace);
	for (int i = 0; i < candidates.count && i < MODULES_ROOTS && candidate_walk(&here, torch, &candidates.list[i]); i++) {
		int64_t is = score(&here, context);
		if (is > best) {
			python_modules_drop(modules);
			*modules = here;
			best = is;
		} else
			python_modules_drop(&here);
	}
	return best > 0;
}

void
python_modules_parameters(const struct python_modules *modules, const struct python_torch *torch, int index,
			  void (*visit)(void *context, int index, struct python_object *name, struct python_object *parameter), void *context)
{
	struct python_object *dict = python_dict(modules->nodes[index].module), *parameters = python_item(dict, "_parameters"), *key, *value;
	long position = 0;

	while (python_kind(parameters) == PYTHON_DICT && py.PyDict_Next(parameters, &position, &key, &value))
		if (python_is_tensor(torch, value))
			visit(context, index, key, value);
	python_release(dict);
}

void
python_modules_node_path(const struct python_modules *modules, int index, char *text, size_t room)
{
	int way[MODULES_DEPTH + 2], steps = 0;
	char name[128];
	size_t used = 0;

	for (; modules->nodes[index].parent >= 0 && steps <= MODULES_DEPTH; index = modules->nodes[index].parent)
		way[steps++] = index;
	text[0] = 0;
	used = strlen(strncat(text, index ? modules->outer_name : modules->root, room - 1));
	while (steps--) {
		python_text_copy(modules->nodes[way[steps]].name, name, sizeof name);
		if (used + strlen(name) + 2 > room)
			return;
		if (used)
			text[used++] = '.';
		strcpy(text + used, name);
		used += strlen(name);
	}
}

bool
python_modules_path(const struct python_modules *modules, struct python_object *object, char *text, size_t room)
{
	uint32_t found = modules->nodes && object ? *table_slot(modules, object) : 0;

	if (!found)
		return false;
	python_modules_node_path(modules, (int)found - 1, text, room);
	return true;
}
