/* Data loaders. See python_loaders.h. */
#include <string.h>

#include "../schema/box.h"
#include "python_loaders.h"

#define LOADERS_MAX 4
#define LEAVE_BYTES 4096
#define ATTRIBUTES_MAX 256

struct search {
	struct json_writer *json;
	const struct python_torch *torch;
	struct python_object *loader; /* the class */
	struct python_object *told[LOADERS_MAX];
	int count;
	bool in_order;                /* those that shuffle are passed over, and nothing is counted */
	uint32_t reserve;
	struct python_object *self;
};

/* How many samples the data set has; -1 if only its own code knows. */
static int64_t
count_of_dataset(const struct search *search, struct python_object *dataset)
{
	struct python_object *of_tensors = python_module_item("torch.utils.data.dataset", "TensorDataset");
	struct python_object *subset = python_module_item("torch.utils.data.dataset", "Subset"), *dict, *held;
	struct tensor_meta meta;
	int64_t count = -1;

	if (!dataset)
		return -1;
	if (python_is(dataset, py.PyList_Type))
		return py.PyList_Size(dataset);
	if (python_type(dataset) != of_tensors && python_type(dataset) != subset)
		return -1; /* a class that may count otherwise */
	dict = python_dict(dataset);
	held = python_item(dict, python_type(dataset) == subset ? "indices" : "tensors");
	if (python_type(dataset) == subset && python_kind(held) == PYTHON_LIST) {
		count = py.PyList_Size(held);
	} else if (python_type(dataset) == of_tensors && python_kind(held) == PYTHON_TUPLE && py.PyTuple_Size(held) > 0) {
		struct python_object *first = py.PyTuple_GetItem(held, 0);
		const void *impl = python_is_tensor(search->torch, first) ? python_tensor_impl(search->torch, first) : NULL;
		if (impl && tensor_read(impl, &meta) && !(meta.flags & BOX_TENSOR_OPAQUE) && meta.ndim > 0)
			count = meta.sizes[0];
	}
	python_release(dict);
	return count;
}

/* How many of COUNT samples an epoch has, by the loader's sampler; -1 if it isn't known. */
static int64_t
count_of_sampler(struct python_object *sampler, int64_t count)
{
	const char *type = sampler ? python_type_name(python_type(sampler)) : "";
	struct python_object *dict;
	int64_t own;

	if (!strcmp(type, "SequentialSampler"))
		return count;
	dict = sampler ? python_dict(sampler) : NULL;
	if (!python_integer(python_item(dict, strcmp(type, "RandomSampler") ? "num_samples" : "_num_samples"), &own))
		own = strcmp(type, "RandomSampler") ? -1 : count;
	python_release(dict);
	return own;
}

/* The object of the loader called NAME, which is left open. */
static void
begin_loader(struct json_writer *json, const char *name, int64_t batch_size)
{
	json_object_begin(json);
	json_key(json, "name");
	json_string(json, name);
	json_key(json, "batch_size");
	json_int(json, batch_size);
}

static void
write_loader(struct search *search, const char *name, struct python_object *dict)
{
	struct python_object *drop = python_item(dict, "drop_last");
	struct python_object *batch = python_item(dict, "batch_size");
	int64_t size, count = count_of_sampler(python_item(dict, "sampler"), count_of_dataset(search, python_item(dict, "dataset")));

	if (!python_is(drop, py.PyBool_Type) || !python_integer(batch, &size) || count < 0)
		return;
	begin_loader(search->json, name, size);
	json_key(search->json, "drop_last");
	json_bool(search->json, py.PyLong_AsVoidPtr(drop) != NULL);
	json_key(search->json, "samples");
	json_int(search->json, count);
	json_object_end(search->json);
}

/* Is OBJECT of exactly the class NAME of torch's samplers? */
static bool
is_sampler(struct python_object *object, const char *name)
{
	return object && python_type(object) == python_module_item("torch.utils.data.sampler", name);
}

/* A loader that hands out batches of neighbours, from the first sample on. */
static void
write_in_order(struct search *search, const char *name, struct python_object *dict)
{
	int64_t size;

	if (!is_sampler(python_item(dict, "sampler"), "SequentialSampler") || !is_sampler(python_item(dict, "batch_sampler"), "BatchSampler")
	    || !python_integer(python_item(dict, "batch_size"), &size))
		return;
	begin_loader(search->json, name, size);
	json_object_end(search->json);
}

static bool
visit_variable(void *context, const char *name, struct python_object *value)
{
	struct search *search = context;
	struct python_object *dict;

	if (!strcmp(name, "self"))
		search->self = value;
	if (strlen(name) >= 100 || !python_isinstance(value, search->loader))
		return true;
	for (int i = 0; i < search->count; i++)
		if (search->told[i] == value)
			return true;
	search->told[search->count++] = value;
	dict = python_dict(value);
	if (search->in_order)
		write_in_order(search, name, dict);
	else
		write_loader(search, name, dict);
	python_release(dict);
	return search->count < LOADERS_MAX && json_left(search->json) > search->reserve;
}

void
python_loaders_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace)
{
	struct search search = { .json = json, .torch = torch, .loader = python_module_item("torch.utils.data.dataloader", "DataLoader"), .reserve = LEAVE_BYTES };
	struct python_visitor visitor = { visit_variable, &search };

	json_array_begin(json);
	if (python_kind(search.loader) == PYTHON_TYPE)
		for (int i = 0; i < trace->caller_count && search.count < LOADERS_MAX && json_left(json) > LEAVE_BYTES; i++)
			python_trace_variables(&trace->callers[i], &visitor);
	json_array_end(json);
}

/* A trainer's loaders: those that the `self` of a frame holds. */
static void
visit_attributes(struct search *search)
{
	struct python_object *dict = search->self ? python_dict(search->self) : NULL, *key, *value;
	long position = 0;
	char name[100] = "self.";

	for (int i = 0; dict && i < ATTRIBUTES_MAX && py.PyDict_Next(dict, &position, &key, &value); i++) {
		if (!python_isinstance(value, search->loader))
			continue;
		python_text_copy(key, name + 5, sizeof name - 5);
		if (!visit_variable(search, name, value))
			break;
	}
	python_release(dict);
}

void
python_loaders_in_order(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve)
{
	struct search search = { .json = json, .torch = torch, .loader = python_module_item("torch.utils.data.dataloader", "DataLoader"), .in_order = true,
				 .reserve = reserve };
	struct python_visitor visitor = { visit_variable, &search };

	json_array_begin(json);
	for (int i = 0; python_kind(search.loader) == PYTHON_TYPE && i < trace->count + trace->caller_count && search.count < LOADERS_MAX
			&& json_left(json) > reserve; i++) {
		const struct python_frame *frame = i < trace->count ? &trace->frames[i] : &trace->callers[i - trace->count];
		if (frame->library)
			continue;
		search.self = NULL;
		python_trace_variables(frame, &visitor);
		visit_attributes(&search);
	}
	json_array_end(json);
}
