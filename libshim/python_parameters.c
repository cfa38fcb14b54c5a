/* Names of parameters. See python_parameters.h. */
#include <string.h>

#include "python_modules.h"
#include "python_parameters.h"
#include "recorder.h"

struct parameters {
	struct json_writer *json;
	const struct python_torch *torch;
	const struct lists *lists;
	const struct python_modules *modules;
	uint32_t reserve, left; /* LEFT: bit for each that has no name yet */
};

/* Where the tensor OBJECT has its elements; false if that isn't known. */
static bool
read_place(const struct python_torch *torch, struct python_object *object, struct lists_told *out)
{
	const void *impl = object && python_is_tensor(torch, object) ? python_tensor_impl(torch, object) : NULL;
	struct tensor_meta meta;
	uint64_t bytes;

	if (!impl || !tensor_read(impl, &meta) || meta.flags & BOX_TENSOR_OPAQUE)
		return false;
	*out = (struct lists_told){ 0, tensor_storage(impl, &bytes), meta.storage_offset, meta.elements };
	return out->storage != NULL;
}

static void
write_name(const struct parameters *parameters, uint64_t tensor, int index, struct python_object *name, const char *of)
{
	char path[MODULE_PATH_BYTES + 128];
	size_t used;

	python_modules_node_path(parameters->modules, index, path, MODULE_PATH_BYTES);
	used = strlen(path);
	if (used)
		path[used++] = '.';
	python_text_copy(name, path + used, 100);
	strcat(path, of);
	json_object_begin(parameters->json);
	json_key(parameters->json, "tensor");
	json_int(parameters->json, (int64_t)tensor);
	json_key(parameters->json, "name");
	json_string(parameters->json, path);
	json_object_end(parameters->json);
}

/* OBJECT is what node INDEX's parameter NAME has OF it (".grad"): the name of all that lie where it does. */
static void
look_at(struct parameters *parameters, int index, struct python_object *name, struct python_object *object, const char *of)
{
	struct lists_told place;

	if (!read_place(parameters->torch, object, &place))
		return;
	for (uint32_t i = 0; i < parameters->lists->told_count; i++) {
		const struct lists_told *told = &parameters->lists->told[i];
		if (!(parameters->left & 1u << i) || told->storage != place.storage || told->offset != place.offset || told->elements != place.elements
		    || json_left(parameters->json) < parameters->reserve + PARAMETERS_ROW_BYTES)
			continue;
		write_name(parameters, told->tensor, index, name, of);
		parameters->left &= ~(1u << i);
	}
}

static void
visit_parameter(void *context, int index, struct python_object *name, struct python_object *object)
{
	struct parameters *parameters = context;
	struct python_object *grad;

	look_at(parameters, index, name, object, "");
	grad = python_tensor_grad(parameters->torch, object);
	look_at(parameters, index, name, grad, ".grad");
	python_release(grad);
}

static int64_t
visit_tree(const struct python_modules *modules, void *context)
{
	struct parameters *parameters = context;

	parameters->modules = modules;
	for (int i = 0; i < modules->count && parameters->left; i++)
		python_modules_parameters(modules, parameters->torch, i, visit_parameter, parameters);
	return 0;
}

void
python_parameters_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve)
{
	const struct lists *lists = recorder_self ? &recorder_self->lists : NULL;
	struct parameters parameters = { json, torch, lists, NULL, reserve, lists ? (1u << lists->told_count) - 1 : 0 };
	struct python_modules none;

	json_array_begin(json);
	if (parameters.left)
		python_modules_find_best(&none, torch, trace, visit_tree, &parameters);
	json_array_end(json);
}
