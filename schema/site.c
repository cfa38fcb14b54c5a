#include "site.h"

#include "fingerprint.h"

unsigned
site_frame_class(const char *file, size_t file_size, const char *function, size_t function_size)
{
	unsigned class = 0;

	if (site_text_ends(file, file_size, "torch/nn/modules/module.py") &&
	    (site_text_ends(function, function_size, "_call_impl") || site_text_ends(function, function_size, "_slow_forward")))
		class |= SITE_MODULE;
	if (site_text_ends(file, file_size, "torch/utils/checkpoint.py") ||
	    site_text_ends(file, file_size, "torch/autograd/function.py"))
		class |= SITE_NO_GRAD;
	if (site_text_has(file, file_size, "torch/utils/data/")) /* loaders, samplers, workers, fetches */
		class |= SITE_DATA;
	if (site_text_ends(file, file_size, "torch/nn/init.py") || site_text_ends(file, file_size, "torch/serialization.py") ||
	    site_text_ends(function, function_size, "from_pretrained") ||
	    site_text_has(function, function_size, "load_state_dict"))
		class |= SITE_LOAD;
	if (site_text_ends(function, function_size, "__init__"))
		class |= SITE_CONSTRUCTOR;
	if ((site_text_has(file, file_size, "torch/optim/") && !site_text_ends(file, file_size, "lr_scheduler.py") &&
	     !site_text_ends(file, file_size, "swa_utils.py")) || site_text_ends(file, file_size, "torch/nn/utils/clip_grad.py"))
		class |= SITE_OPTIMIZER;
	if (site_text_ends(file, file_size, "torch/autograd/graph.py") || site_text_ends(file, file_size, "torch/autograd/__init__.py"))
		class |= SITE_BACKWARD;
	return class;
}

/* The inner frames up to the first that is a module's call or the program's: do they belong to a sharding library? */
static int
frame_shards(const char *file, size_t size)
{
	static const char *const libraries[] = { "torch/distributed/fsdp/", "torch/distributed/_composable/",
						 "torch/distributed/tensor/", "torch/distributed/_tensor/",
						 "torch/distributed/optim/", "/deepspeed/", "/fairscale/" };

	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
		if (site_text_has(file, size, libraries[i]))
			return 1;
	return site_text_has(file, size, "/torch/") && !site_text_has(file, size, "torch/nn/modules/module.py") ? -1 : 0;
}

struct site_text
site_begin(void)
{
	return (struct site_text){ .print = 5, .shards = -1 };
}

void
site_add(struct site_text *site, const char *file, size_t file_size, const char *function, size_t function_size, int line)
{
	if (site->shards < 0)
		site->shards = frame_shards(file, file_size);
	site->class |= site_frame_class(file, file_size, function, function_size) | (site->shards == 1 ? SITE_SHARDING : 0);
	site->print = fingerprint_mix(site->print, fingerprint_frame(file, file_size, function, function_size, line));
}
