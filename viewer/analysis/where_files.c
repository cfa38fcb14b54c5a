/* Whose code a file is: the program's, a model's, or what only carries it out. See where.h. */
#include <string.h>

#include "where.h"
#include "text.h"

/* Packages whose frames only carry out what a caller asked for. */
static const char *const packages[] = {
	"torch", "typing_extensions", "functorch", "triton", "numpy", "einops", "opt_einsum", "jaxtyping", "beartype", "tqdm", "decorator",
	"wrapt", "safetensors", "_pytest", "pytest", "pluggy", "IPython", "ipykernel", "click", "typer", "fire", "hydra",
};

/* Parts of other packages that launch or wrap. */
static const char *const wrappers[] = {
	"/transformers/utils/", "/accelerate/commands/", "/accelerate/hooks.py", "/accelerate/big_modeling.py", "/accelerate/utils/memory.py",
	"/accelerate/utils/launch.py", "/accelerate/utils/other.py", "/accelerate/accelerator.py", "/accelerate/data_loader.py", "/deepspeed/launcher/", "/deepspeed/utils/",
};

/* What follows the last site-packages/ or dist-packages/ in FILE, or NULL. */
static const char *
in_package(const char *file)
{
	const char *found = NULL, *at = file;

	while ((at = strstr(at, "-packages/"))) {
		at += strlen("-packages/");
		found = at;
	}
	return found;
}

/* Is FILE in Python's own library (".../lib/python3.11/...")? */
static bool
is_standard_library(const char *file)
{
	const char *at = strstr(file, "/lib/python3");

	return at && strchr(at + 5, '/') && !in_package(file);
}

bool
where_is_foreign(const char *file)
{
	const char *package = in_package(file);

	if (!*file || strncmp(file, "<frozen", 7) == 0 || is_standard_library(file))
		return true;
	if (package)
		for (size_t i = 0; i < sizeof(packages) / sizeof(*packages); i++) {
			size_t size = strlen(packages[i]);

			if (strncmp(package, packages[i], size) == 0 && (package[size] == '/' || package[size] == '.'))
				return true;
		}
	if (strstr(file, "/torch/nn/modules/") || strstr(file, "/torch/distributed/") || strstr(file, "/torch/utils/data/") ||
	    strstr(file, "/torch/_tensor.py") || strstr(file, "/torch/autograd/"))
		return true; /* PyTorch run from its sources */
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (strstr(file, wrappers[i]))
			return true;
	return false;
}

bool
where_passes(const char *file, const char *function)
{
	const char *last = strrchr(function, '.');

	if (where_is_foreign(file))
		return true;
	if (!in_package(file) || !last)
		return false;
	return text_among("__torch_function__ __torch_dispatch__", last + 1) || (text_ends(function, ".<locals>.wrapper") || text_ends(function, ".<locals>.inner") ||
										  text_ends(function, ".<locals>.wrapped"));
}

bool
where_frame_passes(const json_t *frame)
{
	return where_passes(text_get(frame, "file"), text_get(frame, "function"));
}

bool
where_is_program(const char *file)
{
	return !where_is_foreign(file) && !in_package(file);
}
