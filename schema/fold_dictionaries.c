/* Operations, frames, call sites and signatures: the box's dictionaries as tables. */
#include "fold_internal.h"

#include <stdlib.h>
#include <string.h>

/* Frames share their strings in the box and write them out here; a box that would grow without measure is hostile. */
#define FRAME_TEXT_LIMIT_BYTES (512u << 20)
#define SITE_FRAMES_LIMIT 256u

static void
operations_fold(struct fold *fold)
{
	const struct box_op *op;

	for (uint32_t i = 0; !fold->failed && (op = box_read_op(&fold->box, i)); i++) {
		struct tree *row = fold_row(fold, FOLD_OPERATION);

		fold_row_string(fold, row, op->name);
		fold_row_string(fold, row, op->overload);
		fold_row_string(fold, row, op->argument_names);
		fold_row_end(fold, FOLD_OPERATION, i);
	}
}

/* Where torch's own Python lies: a frame of it gives its folder away, wherever it was built or installed. */
static void
torch_root_find(struct fold *fold, const char *file, size_t size)
{
	static const char *const known[] = { "torch/nn/modules/module.py", "torch/nn/modules/linear.py",
					     "torch/_tensor.py", "torch/functional.py", "torch/nn/functional.py",
					     "torch/autograd/graph.py", "torch/optim/optimizer.py",
					     "torch/utils/data/_utils/fetch.py", "torch/utils/data/dataloader.py" };

	for (size_t i = 0; !fold->torch_root[0] && i < sizeof known / sizeof known[0]; i++) {
		size_t root = size - strlen(known[i]) + strlen("torch/");

		if (site_text_ends(file, size, known[i]) && root < sizeof fold->torch_root && root > strlen("torch/"))
			memcpy(fold->torch_root, file, root);
	}
}

/* Frames of torch, and those that stand for no file, are not where a reader wants to look first. */
static bool
frame_is_machinery(const struct fold *fold, const char *file, size_t size)
{
	size_t root = strlen(fold->torch_root);

	return size == 0 || file[0] == '<' || (root && size > root && memcmp(file, fold->torch_root, root) == 0) ||
	       site_text_has(file, size, "/site-packages/torch/") || site_text_has(file, size, "/dist-packages/torch/");
}

/* Returns one byte a frame: its class. SITE_KNOWN stands for "not machinery" here. */
static uint8_t *
frames_fold(struct fold *fold)
{
	uint64_t count = fold->box.region_bytes[BOX_FRAMES] / sizeof(struct box_frame), text_bytes = 0;
	uint8_t *classes = calloc(count + 1, 1);
	const struct box_frame *frame;
	const char *file, *function;
	uint32_t file_size, function_size;
	struct tree *row;

	if (!classes) {
		fold_fail(fold, "not enough memory");
		return NULL;
	}
	for (uint32_t i = 0; !fold->failed && !fold->torch_root[0] && (frame = box_read_frame(&fold->box, i)); i++) {
		file = box_read_string(&fold->box, frame->file, &file_size);
		if (file)
			torch_root_find(fold, file, file_size);
	}
	for (uint32_t i = 0; !fold->failed && (frame = box_read_frame(&fold->box, i)); i++) {
		file = box_read_string(&fold->box, frame->file, &file_size);
		function = box_read_string(&fold->box, frame->function, &function_size);
		if (!file || !function)
			box_read_damage(&fold->box, "frame %u: its %s is outside the strings", i, file ? "function" : "file");
		file = file ? file : "";
		function = function ? function : "";
		text_bytes += file_size + function_size;
		if (text_bytes > FRAME_TEXT_LIMIT_BYTES) {
			file_size = function_size = 0;
			box_read_damage(&fold->box, "frame %u: more than 512 MiB of names: left out", i);
		}
		classes[i] = (uint8_t)site_frame_class(file, file_size, function, function_size);
		if (!frame_is_machinery(fold, file, file_size))
			classes[i] |= SITE_KNOWN;
		row = fold_row(fold, FOLD_FRAME);
		fold_row_clean(fold, row, file, file_size);
		fold_row_clean(fold, row, function, function_size);
		tree_integer(row, frame->line);
		tree_integer(row, frame->first_line);
		fold_row_end(fold, FOLD_FRAME, i);
	}
	return classes;
}

static void
site_fold(struct fold *fold, const struct box_site *site, uint64_t reference, const uint8_t *classes)
{
	uint32_t count = site->frame_count < SITE_FRAMES_LIMIT ? site->frame_count : SITE_FRAMES_LIMIT;
	unsigned class = SITE_KNOWN;
	int shown = -1;
	struct tree *row;

	for (uint32_t i = 0; i < count; i++) {
		if (!box_read_frame(&fold->box, site->frames[i])) {
			box_read_damage(&fold->box, "call site %llu: frame %u does not exist",
					(unsigned long long)reference, site->frames[i]);
			continue;
		}
		class |= classes[site->frames[i]] & ~SITE_KNOWN;
		if (shown < 0 && (classes[site->frames[i]] & SITE_KNOWN))
			shown = (int)i;
		row = fold_row(fold, FOLD_SITE_FRAME);
		tree_integer(row, (int64_t)reference);
		tree_integer(row, i);
		tree_integer(row, site->frames[i]);
		fold_row_end(fold, FOLD_SITE_FRAME, 0);
	}
	row = fold_row(fold, FOLD_SITE);
	tree_integer(row, site->left_out);
	tree_integer(row, site->inner_count < count ? site->inner_count : count);
	tree_optional(row, shown, shown >= 0);
	fold_row_end(fold, FOLD_SITE, (int64_t)reference);
	fold_print_site(fold, (int64_t)reference, site, count);
	fold->sites[reference] = (uint8_t)class;
}

static void
sites_fold(struct fold *fold, const uint8_t *classes)
{
	const struct box_site *site;
	uint64_t offset = 0, at = 0;

	fold->site_slots = fold->box.region_bytes[BOX_SITES] / 8;
	fold->sites = calloc(fold->site_slots + 1, 1);
	if (!fold->sites)
		fold_fail(fold, "not enough memory");
	while (!fold->failed && (site = box_read_next_site(&fold->box, &offset))) {
		if (at != 0 && site->frame_count != 0) /* 0 is "no Python frame" */
			site_fold(fold, site, at / 8, classes);
		at = offset;
	}
}

void
fold_signature(struct fold *fold, int64_t id, uint32_t operation, bool outputs, const uint64_t *words, uint64_t word_count, uint32_t value_count)
{
	const struct box_op *op = box_read_op(&fold->box, operation);
	struct tree *row = fold_row(fold, FOLD_SIGNATURE);

	tree_integer(row, operation);
	tree_integer(row, outputs);
	fold_row_end(fold, FOLD_SIGNATURE, id);
	fold_operands(fold, id, op, outputs, words, word_count, value_count);
	fold_print_signature(fold, id, op, outputs, words, word_count, value_count);
}

static void
signatures_fold(struct fold *fold)
{
	const struct box_signature *signature;
	uint64_t offset = 0, at = 0;

	fold->signature_slots = fold->box.region_bytes[BOX_SIGNATURES] / 8;
	fold->signatures = calloc(fold->signature_slots + 1, 1);
	if (!fold->signatures)
		fold_fail(fold, "not enough memory");
	fold->next_signature = (int64_t)fold->signature_slots + 1;
	for (; !fold->failed && (signature = box_read_next_signature(&fold->box, &offset)); at = offset) {
		bool outputs = signature->flags & BOX_SIGNATURE_OUTPUT;

		if (!box_read_op(&fold->box, signature->op)) {
			box_read_damage(&fold->box, "signature %llu: operation %u does not exist",
					(unsigned long long)(at / 8), signature->op);
			continue;
		}
		fold_signature(fold, (int64_t)(at / 8), signature->op, outputs, signature->words, signature->word_count, signature->value_count);
		fold->signatures[at / 8] = outputs ? SIGNATURE_OUTPUTS : SIGNATURE_ARGUMENTS;
	}
}

void
fold_dictionaries(struct fold *fold)
{
	uint8_t *classes;

	operations_fold(fold);
	classes = frames_fold(fold);
	sites_fold(fold, classes);
	free(classes);
	signatures_fold(fold);
}

bool
fold_signature_known(const struct fold *fold, uint32_t reference, unsigned kind)
{
	return reference < fold->signature_slots && fold->signatures[reference] == kind;
}

unsigned
fold_site(const struct fold *fold, uint32_t reference)
{
	return reference && reference < fold->site_slots ? fold->sites[reference] : 0;
}
