/* The modules of a program that is well. See python_state_rows.h. */
#include <string.h>
#include <sys/mman.h>

#include "../schema/box.h"
#include "python_state_count.h"
#include "python_state_rows.h"
#include "written.h"

#define ROWS_MAX 12    /* of one list */
#define TENSORS_MAX 4  /* identities that a row tells */
#define LEAVE_BYTES 8192

static int
device_of(const struct tensor_meta *meta)
{
	return meta->device_type << 16 | (meta->device_index & 0xffff);
}

/* What PARAMETER is on each list: 1 odd, 0 not odd, -1 not a matter of that list. */
static void
judge(const struct counting *counting, const void *impl, const struct tensor_meta *meta, int trainable, int graded, int is[LISTS])
{
	uint32_t flags = state_flags(impl);
	bool had = graded == 1 || flags & STATE_HAD_GRAD;

	is[LIST_IDLE] = trainable == 1 && flags & STATE_OWNED && graded >= 0 ? !had && flags / STATE_LOOK >= STATE_LOOKS : -1;
	is[LIST_UNOWNED] = trainable == 1 && graded >= 0 ? graded == 1 && !(flags & STATE_OWNED) : -1;
	is[LIST_DEVICE] = counting->device != MODULE_NONE ? device_of(meta) != counting->device : -1;
	is[LIST_DTYPE] = counting->dtype != MODULE_NONE && state_is_floating(meta->dtype) ? meta->dtype != counting->dtype : -1;
	is[LIST_FRESH] = trainable == 0 ? written_is_fresh(impl) : -1;
	is[LIST_NEW] = trainable == 1 ? written_is_fresh(impl) : -1;
	is[LIST_RESET] = written_is_reset(impl);
}

static int64_t
elements_of(const struct tensor_meta *meta)
{
	int64_t elements = 1;

	for (int i = 0; i < meta->ndim && !(meta->flags & BOX_TENSOR_OPAQUE); i++)
		elements *= meta->sizes[i];
	return elements;
}

static void
count_parameter(void *context, int index, struct python_object *name, struct python_object *parameter)
{
	struct counting *counting = context;
	struct counts *counts = &counting->counts[index];
	const void *impl = python_tensor_impl(counting->torch, parameter);
	struct tensor_meta meta;
	int is[LISTS];

	(void)name;
	counts->tensors++;
	if (!impl || !tensor_read(impl, &meta)) {
		counts->unknown++;
		return;
	}
	uint32_t flags = state_flags(impl);
	int trainable = python_tensor_flag(counting->torch, parameter, "requires_grad");
	int graded = trainable == 1 ? python_tensor_has_grad(counting->torch, parameter) : 0;
	int64_t elements = elements_of(&meta);

	counts->elements += elements;
	counts->unknown += trainable < 0 || graded < 0;
	counts->owned += (flags & STATE_OWNED) != 0;
	counts->graded += graded == 1 || (flags & STATE_HAD_GRAD);
	if (trainable == 1) {
		counts->trainable++;
		counts->trainable_elements += elements;
	}
	counts->copied += written_is_copied(impl);
	counts->fresh += written_is_fresh(impl);
	counts->reset += written_is_reset(impl);
	judge(counting, impl, &meta, trainable, graded, is);
	for (int list = 0; list < LISTS; list++) {
		counts->among[list] += is[list] >= 0;
		counts->odd[list] += is[list] == 1;
		counts->odd_elements[list] += is[list] == 1 ? elements : 0;
	}
}

static void
counts_add(struct counts *sum, const struct counts *part)
{
	sum->tensors += part->tensors;
	sum->trainable += part->trainable;
	sum->graded += part->graded;
	sum->owned += part->owned;
	sum->unknown += part->unknown;
	sum->copied += part->copied;
	sum->fresh += part->fresh;
	sum->reset += part->reset;
	sum->elements += part->elements;
	sum->trainable_elements += part->trainable_elements;
	for (int list = 0; list < LISTS; list++) {
		sum->among[list] += part->among[list];
		sum->odd[list] += part->odd[list];
		sum->odd_elements[list] += part->odd_elements[list];
	}
}

/* accelerate's hooks bring parameters to the device when they are needed. */
static bool
is_hooked(struct python_object *module)
{
	struct python_object *dict = python_dict(module);
	bool hooked = python_item(dict, "_hf_hook") != NULL;

	python_release(dict);
	return hooked;
}

/* --- which root ------------------------------------------------------------------------------ */

static void
score_parameter(void *context, int index, struct python_object *name, struct python_object *parameter)
{
	struct counting *counting = context;
	const void *impl = python_tensor_impl(counting->torch, parameter);

	(void)index;
	(void)name;
	counting->counts->tensors += impl && state_flags(impl) & STATE_OWNED;
	counting->counts->trainable += impl && python_tensor_flag(counting->torch, parameter, "requires_grad") == 1;
}

/* Most of the optimizer's parameters; where nobody has any, most that are trained at all. */
static int64_t
score(const struct python_modules *modules, void *context)
{
	struct counting *counting = context;
	struct counts counts = { .tensors = 0 };

	counting->counts = &counts;
	for (int i = 0; i < modules->count; i++)
		python_modules_parameters(modules, counting->torch, i, score_parameter, counting);
	return (int64_t)counts.tensors << 20 | (counts.trainable > 0xfffff ? 0xfffff : counts.trainable);
}

/* --- rows -------------------------------------------------------------------------------------- */

static void
write_identity(void *context, int index, struct python_object *name, struct python_object *parameter)
{
	struct counting *counting = context;
	const void *impl = python_tensor_impl(counting->torch, parameter);
	struct tensor_meta meta;
	int is[LISTS];

	(void)index;
	(void)name;
	if (counting->told == TENSORS_MAX || !impl || !tensor_read(impl, &meta))
		return;
	int trainable = python_tensor_flag(counting->torch, parameter, "requires_grad");
	int graded = trainable == 1 ? python_tensor_has_grad(counting->torch, parameter) : 0;
	judge(counting, impl, &meta, trainable, graded, is);
	if (is[counting->list] != 1 || !tensor_identity(impl))
		return;
	counting->told++;
	json_int(counting->json, (int64_t)tensor_identity(impl));
}

static void
write_row(struct counting *counting, int index, const struct counts *counts, bool own)
{
	const struct python_modules *modules = counting->modules;
	const struct module_node *node = &modules->nodes[index];
	struct json_writer *json = counting->json;
	struct tensor_meta meta = { .device_type = node->device >> 16, .device_index = (int16_t)node->device };
	char path[MODULE_PATH_BYTES], device[32];

	python_modules_node_path(modules, index, path, sizeof path);
	json_object_begin(json);
	json_key(json, "module");
	json_string(json, path);
	json_key(json, "class");
	json_string(json, python_type_name(python_type(node->module)));
	json_key(json, "tensors");
	json_int(json, counts->odd[counting->list]);
	json_key(json, "elements");
	json_int(json, counts->odd_elements[counting->list]);
	json_key(json, "device");
	json_string(json, node->device < 0 ? NULL : python_device_name(&meta, device));
	json_key(json, "dtype");
	json_string(json, python_dtype_name(node->dtype));
	json_key(json, "own");
	json_bool(json, own);
	json_key(json, "amid");
	json_bool(json, !own && state_is_amid(counting, index));
	json_key(json, "identities");
	json_array_begin(json);
	counting->told = 0;
	for (int i = index; i < (own ? index + 1 : node->end) && counting->told < TENSORS_MAX; i++)
		python_modules_parameters(modules, counting->torch, i, write_identity, counting);
	json_array_end(json);
	json_object_end(json);
}

/* OWN: by node, without what is below it. */
static void
write_list(struct counting *counting, const struct counts *own)
{
	const struct python_modules *modules = counting->modules;
	const struct counts *counts = counting->counts;
	int list = counting->list, rows = 0;

	json_array_begin(counting->json);
	for (int i = 0; i < modules->count && rows < ROWS_MAX && json_left(counting->json) > LEAVE_BYTES;) {
		bool all = counts[i].odd[list] && counts[i].odd[list] == counts[i].among[list];

		if (all || own[i].odd[list]) {
			int at = all && list >= LIST_FRESH ? state_innermost(counting, i) : i;
			write_row(counting, at, all ? &counts[at] : &own[i], !all);
			rows++;
		}
		i = all || !counts[i].odd[list] ? modules->nodes[i].end : i + 1;
	}
	json_array_end(counting->json);
}

static void
write_lists(struct counting *counting, const struct counts *own)
{
	static const char *const names[] = {
#define X(id, name) name,
		STATE_LISTS(X)
#undef X
	};

	for (int list = 0; list < LISTS; list++) {
		counting->list = list;
		json_key(counting->json, names[list]);
		write_list(counting, own);
	}
}

static void
write_model(struct json_writer *json, const struct counting *counting)
{
	const struct counts *all = &counting->counts[0];
	const struct { const char *name; int64_t count; } rows[] = {
		{ "tensors", all->tensors }, { "elements", all->elements }, { "trainable", all->trainable },
		{ "trainable_elements", all->trainable_elements }, { "graded", all->graded }, { "owned", all->owned }, { "unknown", all->unknown },
		{ "copied", all->copied }, { "fresh", all->fresh }, { "reset", all->reset },
	};

	json_key(json, "root");
	json_string(json, counting->modules->root);
	json_key(json, "class");
	json_string(json, python_type_name(python_type(counting->modules->nodes[0].module)));
	json_key(json, "model");
	json_object_begin(json);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_key(json, rows[i].name);
		json_int(json, rows[i].count);
	}
	json_key(json, "hooked");
	json_bool(json, counting->hooked);
	json_object_end(json);
}

void
state_write_modules(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace)
{
	struct counting counting = { .torch = torch, .json = json };
	struct python_modules modules;

	if (!python_modules_find_best(&modules, torch, trace, score, &counting))
		return;
	size_t room = (size_t)modules.count * 2 * sizeof(struct counts);
	struct counts *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED) {
		struct counts *own = memory + modules.count;
		counting.modules = &modules;
		counting.counts = memory;
		state_find_majority(&counting);
		for (int i = 0; i < modules.count; i++) {
			python_modules_parameters(&modules, torch, i, count_parameter, &counting);
			counting.hooked = counting.hooked || is_hooked(modules.nodes[i].module);
		}
		memcpy(own, memory, room / 2);
		for (int i = modules.count - 1; i > 0; i--)
			counts_add(&memory[modules.nodes[i].parent], &memory[i]);
		write_model(json, &counting);
		json_key(json, "modules");
		python_modules_write(json, &modules, 0);
		write_lists(&counting, own);
		munmap(memory, room);
	}
	python_modules_drop(&modules);
}
