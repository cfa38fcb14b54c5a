/* What the program holds while it is well. See python_state.h. */
#include <string.h>

#include "python_state.h"
#include "python_state_rows.h"
#include "box.h"
#include "note.h"
#include "python_loaders.h"
#include "python_numbers.h"
#include "sample.h"
#include "shim.h"

#define LOOKS_PER_STEP 4  /* of several optimizers */
#define FIRST_TOLD 3      /* step whose look is the first to be written */
#define PARAMETERS 16384u /* power of two; three quarters are used */
#define OPTIMIZERS_MAX 8
#define GROUPS_MAX 1000
#define FRAMES_MAX 12

static uint64_t last_step; /* atomic: the step that was looked at last */
static uint32_t looks;     /* atomic: begun at that step */

/* Under the GIL: parameters by their TensorImpl, and who has stepped. */
static struct { const void *impl; uint32_t flags, generation; } known[PARAMETERS];
static uint32_t known_count, generation = 1; /* a forked child begins anew without a write to what it shares */
static const void *optimizers[OPTIMIZERS_MAX];
static int optimizer_count;
static char optimizer_class[64];

bool
python_state_due(uint64_t steps)
{
	uint64_t step = steps + 1, first = step;

	while (first >= 10 && first % 10 == 0)
		first /= 10;
	if (step != 3 && first != 1 && first != 2 && (first != 5 || step < 10))
		return false;
	if (__atomic_exchange_n(&last_step, step, __ATOMIC_RELAXED) != step)
		__atomic_store_n(&looks, 0, __ATOMIC_RELAXED);
	return __atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED) < LOOKS_PER_STEP;
}

void
python_state_forget(void)
{
	sample_forget();
	generation++;
	known_count = 0;
	optimizer_count = 0;
	last_step = looks = 0;
}

/* What is remembered of the parameter IMPL; NULL (there is no more room) is possible only where ADD. */
static uint32_t *
flags_of(const void *impl, bool add)
{
	uint32_t slot = (uint32_t)(((uintptr_t)impl >> 4) * 0x9e3779b97f4a7c15u >> 40) % PARAMETERS;

	while (known[slot].generation == generation && known[slot].impl != impl)
		slot = (slot + 1) % PARAMETERS;
	if (known[slot].generation == generation)
		return &known[slot].flags;
	if (!add || known_count >= PARAMETERS / 4 * 3)
		return NULL;
	known_count++;
	known[slot].impl = impl;
	known[slot].flags = 0;
	known[slot].generation = generation;
	return &known[slot].flags;
}

uint32_t
state_flags(const void *impl)
{
	const uint32_t *flags = flags_of(impl, false);

	return flags ? *flags : 0;
}

/* --- the optimizer that is making its step --------------------------------------------------- */

struct owner {
	const struct python_torch *torch;
	struct python_object *type, *found; /* borrowed: a frame holds it */
};

static bool
visit_owner(void *context, const char *name, struct python_object *value)
{
	struct owner *owner = context;

	if (!strcmp(name, "self") && python_isinstance(value, owner->type))
		owner->found = value;
	return !owner->found;
}

static void
remember_parameter(const struct python_torch *torch, struct python_object *parameter)
{
	const void *impl = python_is_tensor(torch, parameter) ? python_tensor_impl(torch, parameter) : NULL;
	uint32_t *flags = impl ? flags_of(impl, true) : NULL;

	if (flags)
		*flags = (*flags | STATE_OWNED | (python_tensor_has_grad(torch, parameter) == 1 ? STATE_HAD_GRAD : 0)) + STATE_LOOK;
}

static void
remember_groups(const struct python_torch *torch, struct python_object *optimizer)
{
	struct python_object *dict = python_dict(optimizer), *groups = python_item(dict, "param_groups");

	for (long i = 0; python_kind(groups) == PYTHON_LIST && i < py.PyList_Size(groups) && i < GROUPS_MAX; i++) {
		struct python_object *parameters = python_item(py.PyList_GetItem(groups, i), "params");
		for (long n = 0; python_kind(parameters) == PYTHON_LIST && n < py.PyList_Size(parameters); n++)
			remember_parameter(torch, py.PyList_GetItem(parameters, n));
	}
	python_release(dict);
}

/* Find the optimizer among the frames that run now, and remember what it has. False if none is. */
static bool
see_optimizer(const struct python_torch *torch, const struct python_trace *trace)
{
	struct owner owner = { torch, python_module_item("torch.optim.optimizer", "Optimizer"), NULL };
	struct python_visitor visitor = { visit_owner, &owner };
	bool is_new = true;

	if (python_kind(owner.type) != PYTHON_TYPE)
		return false;
	for (int i = 0; i < trace->caller_count && !owner.found; i++)
		if (!python_code_is_module(trace->callers[i].code))
			python_trace_variables(&trace->callers[i], &visitor);
	if (!owner.found)
		return false;
	remember_groups(torch, owner.found);
	for (int i = 0; i < optimizer_count; i++)
		is_new = is_new && optimizers[i] != owner.found;
	if (is_new && optimizer_count < OPTIMIZERS_MAX)
		optimizers[optimizer_count++] = owner.found;
	optimizer_class[0] = 0;
	strncat(optimizer_class, python_type_name(python_type(owner.found)), sizeof optimizer_class - 1);
	return true;
}

/* --- the note ---------------------------------------------------------------------------------- */

static void
write_frames(struct json_writer *json, const struct python_trace *trace)
{
	json_key(json, "frames");
	json_array_begin(json);
	for (int i = 0, told = 0; i < trace->caller_count && told < FRAMES_MAX; i++) {
		if (trace->callers[i].library)
			continue;
		told++;
		json_object_begin(json);
		python_trace_write_place(json, &trace->callers[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_numbers(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace)
{
	static struct python_numbers numbers; /* 8 KB, under the GIL */

	memset(&numbers, 0, sizeof numbers);
	json_key(json, "numbers");
	json_array_begin(json);
	for (int i = 0; i < trace->caller_count && json_left(json) > 4096; i++) {
		if (trace->callers[i].library)
			continue;
		json_object_begin(json);
		json_key(json, "frame");
		json_int(json, i);
		json_key(json, "numbers");
		python_numbers_write(json, &numbers, torch, &trace->callers[i], 2048);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Of all parameters that the optimizers have, how many there are and how many ever had a gradient. */
static void
write_owned(struct json_writer *json)
{
	int64_t owned = 0, graded = 0;

	for (uint32_t i = 0; i < PARAMETERS; i++)
		if (known[i].generation == generation && known[i].flags & STATE_OWNED) {
			owned++;
			graded += (known[i].flags & STATE_HAD_GRAD) != 0;
		}
	json_key(json, "optimizer_tensors");
	json_int(json, owned);
	json_key(json, "optimizer_graded");
	json_int(json, graded);
}

static void
write_state(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint64_t step)
{
	json_object_begin(json);
	json_key(json, "step");
	json_int(json, (int64_t)step);
	json_key(json, "optimizer");
	json_string(json, optimizer_class);
	json_key(json, "optimizers");
	json_int(json, optimizer_count);
	json_key(json, "complete"); /* every parameter found room to be remembered */
	json_bool(json, known_count < PARAMETERS / 4 * 3);
	write_owned(json);
	json_key(json, "samples");
	sample_write(json);
	json_key(json, "loaders");
	python_loaders_write(json, torch, trace);
	state_write_modules(json, torch, trace);
	write_frames(json, trace);
	write_numbers(json, torch, trace);
	json_object_end(json);
}

void
python_state_look(void)
{
	uint64_t step = shim_box.header->step + 1;
	struct python_torch torch;
	struct python_trace trace;
	struct note note;

	python_torch_find(&torch);
	python_trace_here(&trace);
	if (torch.module && torch.quiet && see_optimizer(&torch, &trace) && step >= FIRST_TOLD && note_begin(&note, BOX_NOTE_STATE, ~(uint64_t)0)) {
		write_state(&note.json, &torch, &trace, step);
		note_publish(&note);
	}
	py.PyErr_Clear();
	python_trace_drop(&trace);
}
