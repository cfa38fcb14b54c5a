/* Versions of loaded packages, and the seed. See python_versions.h. */
#include <string.h>

#include "python_api.h"
#include "python_versions.h"

static const char *const versioned[] = {
	"torch", "transformers", "peft", "accelerate", "deepspeed", "datasets", "tokenizers", "numpy", "llamafactory",
	"swift", "flash_attn", "torchvision", "trl", "bitsandbytes", "lightning", "xformers", "triton", "diffusers",
};

/* A module that loads its parts when they are asked for (transformers' _LazyModule) keeps what it has in `_objects`. */
static struct python_object *
version_of(const char *module)
{
	struct python_object *version = python_module_item(module, "__version__");

	return version ? version : python_item(python_module_item(module, "_objects"), "__version__");
}

void
python_versions_write(struct json_writer *json)
{
	json_object_begin(json);
	for (size_t i = 0; i < sizeof versioned / sizeof versioned[0]; i++) {
		struct python_object *version = version_of(versioned[i]), *held;
		size_t size;
		const char *text = python_text(version, 64, &size, &held);
		if (text) {
			json_key(json, versioned[i]);
			json_text(json, text, size);
		}
		python_release(held);
	}
	json_object_end(json);
}

void
python_seed_write(struct json_writer *json)
{
	/* An object of a class in C, whose method is C as well: no code of the program's runs. */
	struct python_object *generator = python_module_item("torch.random", "default_generator");
	struct python_object *method = NULL, *seed = NULL;
	char text[32];
	int64_t value;

	if (generator && !strcmp(python_type_name(python_type(generator)), "Generator"))
		method = py.PyObject_GetAttrString(generator, "initial_seed");
	if (method)
		seed = py.PyObject_CallObject(method, NULL);
	if (seed && python_integer(seed, &value)) {
		json_int(json, value);
	} else if (seed && python_is(seed, py.PyLong_Type)) { /* beyond 63 bits: as text, since readers' integers end there */
		struct python_object *string = py.PyObject_Str(seed);
		python_text_copy(string, text, sizeof text);
		json_string(json, text);
		python_release(string);
	} else {
		json_null(json);
	}
	py.PyErr_Clear();
	python_release(method);
	python_release(seed);
}
