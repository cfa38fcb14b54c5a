/* Rules about what was loaded: checkpoints, adapters, optimizer state. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../subject.h"
#include "../../where.h"

#define ADDED_PART 10 /* of the tokens that there are: no more are added */
#define READ_EVENTS_MOST 64 /* between two tensors that one line reads */
#define READS_LOOKED_MOST 512
#define READS_OF_DATA 3      /* files that a line read one after the other, with work in between */

#define READ_MOST 64
#define TAKEN_WITHIN 16384 /* events after it was read */

struct read { const struct cause_facts *facts; const struct operand *like; int64_t site, tensors[READ_MOST], first; int count; bool is; };

/* Is torch.load's own file among FRAMES, a call site's? */
static bool
reads_file(const json_t *frames)
{
	for (size_t i = 0; i < json_array_size(frames); i++)
		if (strstr(text_get(json_array_get(frames, i), "file"), "/torch/serialization.py"))
			return true;
	return false;
}

/* A tensor of LIKE's shape that was read from a file. */
static bool
look_at_read(const struct event *event, void *context)
{
	struct read *read = context;
	const struct operand *made = event->output_count ? &event->outputs[0] : NULL;

	if (!made || made->tensor <= 0 || made->ndim != read->like->ndim || memcmp(made->sizes, read->like->sizes, (size_t)made->ndim * sizeof(*made->sizes)) != 0)
		return true;
	if (!read->count || event->site != read->site) {
		json_t *frames = where_site_frames(read->facts->source, read->facts->process, event->site);

		read->is = reads_file(frames);
		json_decref(frames);
		if (!read->is)
			return true;
	}
	read->site = event->site;
	read->tensors[read->count++] = made->tensor;
	read->first = event->id;
	return read->count < READ_MOST;
}

void
cause_add_untaken(const struct cause_facts *facts, struct cause *out, const struct cause_side *side)
{
	const struct lineage_step *oldest = side->lineage && side->lineage->count ? &side->lineage->steps[side->lineage->count - 1] : NULL;
	struct read read = { .facts = facts, .like = oldest && oldest->output < oldest->event.output_count ? &oldest->event.outputs[oldest->output] : NULL };
	struct event anywhere = facts->event ? *facts->event : (struct event){ 0 };
	int untaken = 0;
	char line[512];

	if (!facts->source || !read.like || read.like->ndim < 1)
		return;
	anywhere.operation = "aten::set_";
	anywhere.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_read, &read);
	for (int64_t id = read.first + 1; read.count && id < facts->event->id && id < read.first + TAKEN_WITHIN; id++) {
		struct event event;

		if (!facts->source->event(facts->source->context, facts->process, id, &event) || strcmp(event.operation, "aten::set_") == 0)
			continue;
		for (int o = 0; o < event.operand_count; o++)
			for (int i = 0; i < read.count; i++)
				if (event.operands[o].tensor > 0 && event.operands[o].tensor == read.tensors[i])
					read.tensors[i] = 0;
	}
	for (int i = 0; i < read.count; i++)
		untaken += read.tensors[i] > 0;
	if (!untaken || !where_site_line(facts->source, facts->process, read.site, false, line, sizeof(line)))
		return;
	text_add(&out->text, "; the checkpoint read at %s has %d tensor%s of its shape ", line, untaken, language_plural(untaken));
	text_add_sizes(&out->text, read.like->sizes, read.like->ndim);
	text_add(&out->text, " that nothing took: perhaps its weights, by another name");
	text_add(&out->fix, "compare the names in the checkpoint with the model's (load_state_dict returns unexpected_keys and missing_keys; strict=False raises nothing) and rename them "
		 "before loading; else ");
}

/* Are all parameters of another shape as long in dimension 0 as the first one, in the checkpoint and in the model, and equal in the rest? How many. */
static int
rows_apart(const char *message, int64_t saved, int64_t model)
{
	int count = 0;

	for (const char *at = message; at && (at = strstr(at, "size mismatch for ")); count++) {
		int64_t then[CAUSE_SHAPE_MOST], now[CAUSE_SHAPE_MOST];
		int a, b;

		at += strlen("size mismatch for ");
		a = cause_message_shape(at, 0, then);
		b = cause_message_shape(at, 1, now);
		if (a < 1 || a != b || then[0] != saved || now[0] != model || memcmp(then + 1, now + 1, (size_t)(a - 1) * sizeof(*then)) != 0)
			return 0;
	}
	return count;
}

/* The multiple, as tables are padded to, of which SAVED is the next above MODEL, the usual one before others; 0: none. Smaller ones are met by chance. */
static int64_t
padded_multiple(int64_t saved, int64_t model)
{
	static const int64_t usual[] = { 64, 128, 256, 32 };

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (saved % usual[i] == 0 && saved > model && saved - model < usual[i] && saved < 2 * model)
			return usual[i];
	return 0;
}

/* The program's LINE that made a table of the shape of OPERAND, SAVED or the model's; BY_RESIZE: did resize_token_embeddings? False if none is seen to have made one. */
static bool
table_made_at(const struct cause_facts *facts, int operand, bool saved, char *line, size_t size, bool *by_resize)
{
	json_t *frames = NULL;
	struct event made;

	*by_resize = false;
	if (!facts->source || operand < 0 ||
	    !lineage_made_so(facts->source, facts->process, facts->event->id, &facts->event->operands[operand], saved, &made, line, size))
		return false;
	frames = where_site_frames(facts->source, facts->process, made.site);
	for (size_t i = 0; i < json_array_size(frames); i++)
		*by_resize = *by_resize || text_ends(text_get(json_array_get(frames, i), "function"), "resize_token_embeddings");
	json_decref(frames);
	return true;
}

/* Tables of one length alone differ, and the model's is the number of its tokens: tokens were added. */
static bool
tell_tokens(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t saved = mismatch->actual, model = mismatch->expected;
	int count = mismatch->dim == 0 ? rows_apart(facts->message, saved, model) : 0;
	const json_t *number = count ? cause_named_number(facts, model, "vocab") : NULL;
	char line[512] = "", here[512] = "";
	bool made, made_by_resize, resized, shrunk;
	int64_t multiple;

	if (!number || !cause_is_called(number, "vocab"))
		return false;
	made = table_made_at(facts, mismatch->operand, true, line, sizeof(line), &made_by_resize);
	table_made_at(facts, mismatch->against, false, here, sizeof(here), &resized);
	shrunk = made && !made_by_resize && resized && saved > model;
	multiple = made && !made_by_resize ? 0 : padded_multiple(saved, model);
	if (!multiple && !shrunk && llabs(saved - model) > model / ADDED_PART)
		return false; /* so many more are another tokenizer's */
	out->setting = number;
	text_add(&out->text, "%d parameter%s of the checkpoint: %" PRId64 " rows where the model has one for each of its %" PRId64 " tokens", count, language_plural(count), saved,
		 model);
	cause_add_number(facts, &out->text, number);
	if (resized)
		text_add(&out->text, ", resized at %s", here);
	if (shrunk)
		text_add(&out->text, ", which left out the last %" PRId64 ": it has %" PRId64 " by its own configuration, more than its tokenizer; the rest fits", saved - model, saved);
	else if (multiple)
		text_add(&out->text, ": %" PRId64 " is %" PRId64 " rounded up to a multiple of %" PRId64 ": saved after a resize with pad_to_multiple_of=%" PRId64 "; the rest fits", saved, model,
			 multiple, multiple);
	else if (saved > model)
		text_add(&out->text, ": %" PRId64 " tokens were added, and the tables resized, before it was saved; here they aren't; the rest fits", saved - model);
	else
		text_add(&out->text, ": tokens were added to this model that it didn't have when it was saved; the rest fits");
	if (made)
		text_add(&out->evidence, "in this run %" PRId64 " rows were made at %s", saved, line);
	if (shrunk) {
		text_add(&out->fix, "leave out the resize at %s, or resize only where len(tokenizer) is more than the table has: what was saved needs all %" PRId64, here, saved);
		return true;
	}
	if (multiple) {
		text_add(&out->fix, "bring the model's tables to %" PRId64 " before it is loaded: resize_token_embeddings(len(tokenizer), pad_to_multiple_of=%" PRId64 "), or resize_token_embeddings(%"
			 PRId64 ")", saved, multiple, saved);
		if (resized)
			text_add(&out->fix, ", at %s", here);
		text_add(&out->fix, "; after loading is too late");
		return true;
	}
	text_add(&out->fix, "bring the model's tables to %" PRId64 " before it is loaded: model.resize_token_embeddings(%" PRId64 "), the len() of the tokenizer that was saved with it; "
		 "after loading is too late", saved, saved);
	return true;
}

/* Is it the weight of what attention's keys or values are projected by, or an adapter's of it? */
static bool
is_of_keys(const char *name)
{
	static const char *const parts[] = { "k_proj", "v_proj", "key", "value", "wk", "wv", "k_lin", "v_lin" };

	for (const char *at = name; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL)
		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
			if (strncmp(at, parts[i], strlen(parts[i])) == 0 && at[strlen(parts[i])] == '.')
				return true;
	return false;
}

/* What was saved has another number of heads of keys and values, each as wide as the model's. */
static bool
tell_heads(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct text_walk at = { 0 };
	const json_t *number;

	if (mismatch->dim != 0 || !is_of_keys(facts->event->operands[mismatch->operand].name))
		return false;
	while ((number = cause_next_number(facts, &at))) {
		int64_t heads = json_integer_value(json_object_get(number, "value")), width;

		if (heads < 1 || !cause_is_called(number, "key_value_heads kv_heads query_groups") || mismatch->expected % heads)
			continue;
		width = mismatch->expected / heads;
		if (width < 2 || mismatch->actual % width || mismatch->actual / width == heads)
			continue;
		out->setting = number;
		text_add(&out->text, "the checkpoint was made with another number of heads for keys and values: the model has %" PRId64, heads);
		cause_add_number(facts, &out->text, number);
		text_add(&out->text, " of %" PRId64 " each, what was saved has %" PRId64 ": %s", width, mismatch->actual / width, mismatch->text);
		text_add(&out->fix, "build the model with %" PRId64 " of them, as its saved config says (%s), or load what was saved of such a model", mismatch->actual / width, text_get(number, "name"));
		return true;
	}
	return false;
}

/* Needs: load_state_dict's own word that a parameter has two shapes. */
bool
cause_checkpoint(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *name;

	if (!facts->event || !mismatch || strcmp(facts->event->operation, SUBJECT_LOAD) != 0 || mismatch->operand < 0)
		return false;
	name = facts->event->operands[mismatch->operand].name;
	out->confidence = "likely";
	if (strstr(name, "lora_") && mismatch->dim == (strstr(name, "lora_A") ? 0 : 1)) {
		out->setting = cause_named_number(facts, mismatch->expected, "rank lora_r");
		text_add(&out->text, "the adapter was trained with another rank: r=%" PRId64 " in the checkpoint, r=%" PRId64 " in the model; %s",
			 mismatch->actual, mismatch->expected, mismatch->text);
		text_add(&out->fix, "build the adapter with r=%" PRId64 " (its saved adapter_config.json), or train this one from the start",
			 mismatch->actual);
		return true;
	}
	if (tell_tokens(facts, out) || tell_heads(facts, out))
		return true;
	text_add(&out->text, "the checkpoint was made for another configuration");
	if (mismatch->dim < 0 || !strstr(name, "pos") || !cause_add_saved_grid(facts, out, mismatch->actual, mismatch->expected))
		text_add(&out->text, ": %s", mismatch->text);
	if (out->fix.used)
		return true;
	if (mismatch->dim >= 0) {
		out->setting = out->setting ? out->setting : cause_named_number(facts, mismatch->expected, "vocab num hidden dim size class label max");
		if (out->setting)
			text_add(&out->evidence, "the model has %s = %" PRId64, text_get(out->setting, "name"), mismatch->expected);
		text_add(&out->fix, "build the model with the %" PRId64 " that dimension %d of %s has in the checkpoint (its saved config), or "
			 "bring one of the two to the other's size before loading", mismatch->actual, mismatch->dim, name);
	} else {
		text_add(&out->fix, "build the model as it was when it was saved (its saved config), or leave %s out of the checkpoint", name);
	}
	return true;
}

/* Needs: load_state_dict's lists of keys; likely where the two sides differ by what a wrapper puts before each name. */
bool
cause_checkpoint_keys(const struct cause_facts *facts, struct cause *out)
{
	static const char *const prefixes[] = { "module.", "_orig_mod.", "model.", "base_model.model.", "backbone.", "encoder." };
	const char *missing = facts->message ? strstr(facts->message, "Missing key(s) in state_dict: \"") : NULL;
	const char *unexpected = facts->message ? strstr(facts->message, "Unexpected key(s) in state_dict: \"") : NULL;
	char a[160], b[160];

	if (!cause_is_raised(facts) || (!missing && !unexpected))
		return false;
	*a = *b = 0;
	if (missing && !cause_message_word(missing, "state_dict: \"", a, sizeof(a)))
		return false;
	if (unexpected && !cause_message_word(unexpected, "state_dict: \"", b, sizeof(b)))
		return false;
	out->confidence = "possible";
	text_add(&out->text, "the names in the checkpoint aren't those of the model:%s%s%s%s%s", missing ? SAY(" it lacks ") : "", a, missing && unexpected ? "," : "",
		 unexpected ? SAY(" it has ") : "", b);
	for (size_t i = 0; missing && unexpected && i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		size_t size = strlen(prefixes[i]);
		bool saved = strncmp(b, prefixes[i], size) == 0 && strcmp(b + size, a) == 0;
		bool model = strncmp(a, prefixes[i], size) == 0 && strcmp(a + size, b) == 0;

		if (!saved && !model)
			continue;
		out->confidence = "likely";
		text_add(&out->text, ": %s has '%s' before each name, a wrapper's", saved ? SAY("the checkpoint") : SAY("the model"), prefixes[i]);
		if (saved)
			text_add(&out->fix, "strip '%s' from the keys before loading, or load into the wrapped model", prefixes[i]);
		else
			text_add(&out->fix, "add '%s' to the keys before loading, or load into the model inside the wrapper", prefixes[i]);
		return true;
	}
	text_add(&out->fix, "build the model as it was when it was saved (layers, names, adapters), or pass strict=False if the difference is meant");
	return true;
}

/* Does the program's own line among FRAMES say that it loads something ("average.load_state_dict(torch.load(path))")? */
static bool
says_load(const struct cause_facts *facts, const json_t *frames)
{
	static const char *const calls[] = { "load_state_dict(", "torch.load(", "load_file(", "load_safetensors(" };

	for (size_t i = 0; i < json_array_size(frames); i++) {
		const json_t *frame = json_array_get(frames, i);
		char line[512] = "";
		struct code code;

		if (where_is_foreign(text_get(frame, "file")) || !code_open(&code, text_get(frame, "file"), facts->time_ns))
			continue;
		code_line(&code, (int)json_integer_value(json_object_get(frame, "line")), line, sizeof(line));
		code_close(&code);
		for (size_t n = 0; n < sizeof(calls) / sizeof(*calls); n++)
			if (strstr(line, calls[n]))
				return true;
	}
	return false;
}

bool
cause_was_loaded(const struct cause_facts *facts, const struct lineage_step *step)
{
	json_t *frames = facts->source ? where_site_frames(facts->source, facts->process, step->event.site) : NULL;
	bool found = reads_file(frames) || (step->entered && !cause_is_built(facts, step) && says_load(facts, frames));

	json_decref(frames);
	return found;
}

/* Did SIDE come out of a file? */
static const struct lineage_step *
loaded(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);

	return step && cause_was_loaded(facts, step) ? step : NULL;
}

/* How often a line read files, with something else done in between: what is read again and again is data. */
struct files { const struct cause_facts *facts; int64_t site, later, looked; int times; };

static bool
look_at_file(const struct event *read, void *context)
{
	struct files *files = context;
	const struct source *source = files->facts->source;
	struct event event;

	for (int64_t id = read->id + 1; id < files->later && id < read->id + READ_EVENTS_MOST; id++)
		if (source->event(source->context, files->facts->process, id, &event) && event.site >= 0 && event.thread == read->thread &&
		    !where_same_line(source, files->facts->process, event.site, files->site)) {
			files->times++;
			break;
		}
	files->later = read->id;
	return ++files->looked < READS_LOOKED_MOST && files->times < READS_OF_DATA;
}

static bool
is_data(const struct cause_facts *facts, const struct lineage_step *step)
{
	struct files files = { .facts = facts, .site = step->event.site, .later = step->event.id };

	if (step->event.id >= 0)
		facts->source->each_call(facts->source->context, facts->process, &step->event, look_at_file, &files);
	return files.times >= READS_OF_DATA;
}

/* The number within reach that is SIZE and called like one of HINTS; NULL where two that are called otherwise are (a hidden and an intermediate size):
 * which one it is, nothing tells. */
static const json_t *
only_called(const struct cause_facts *facts, int64_t size, const char *hints)
{
	const json_t *named = cause_named_number(facts, size, hints), *number;
	struct text_walk at = { 0 };

	if (!cause_is_called(named, hints))
		return NULL;
	while ((number = cause_next_number(facts, &at))) {
		const char *one = strrchr(text_get(named, "name"), '.'), *other = strrchr(text_get(number, "name"), '.');

		if (json_integer_value(json_object_get(number, "value")) == size && cause_is_called(number, hints) &&
		    strcmp(one ? one + 1 : text_get(named, "name"), other ? other + 1 : text_get(number, "name")) != 0)
			return NULL;
	}
	return named;
}

/* NOW was given another size in this run, known when: before STEP loaded FILE, or after. What was loaded is the one that is out of date. */
static bool
tell_resized(const struct cause_facts *facts, struct cause *out, const struct cause_side *file, const struct cause_side *now, const struct lineage_step *step)
{
	const struct lineage_step *resized = cause_decider(now);
	int64_t more = now->size - file->size;

	if (!resized || !resized->resized || resized->event.id < 0 || step->event.id < 0 || more < 1)
		return false;
	text_add(&out->text, "%s was loaded for %" PRId64 " (", cause_operand_name(facts, file->place), file->size);
	cause_add_step(facts, &out->text, step);
	if (resized->event.id < step->event.id)
		text_add(&out->text, "), after %s had got %" PRId64 " by ", cause_operand_name(facts, now->place), now->size);
	else
		text_add(&out->text, "), and %s has got %" PRId64 " since, by ", cause_operand_name(facts, now->place), now->size);
	cause_add_step(facts, &out->text, resized);
	text_add(&out->text, "; what is loaded beside it is neither compared with it nor resized along");
	text_add(&out->fix, "give what was loaded the %" PRId64 " in dimension %d that it lacks (those of %s), before it is used; or start it anew from what has %" PRId64 " now", more,
		 file->dim, cause_operand_name(facts, now->place), now->size);
	return true;
}

/* Needs: one of two sizes that disagree came out of a file that is read once, the other didn't. */
bool
cause_loaded_size(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *file, *now;
	const struct lineage_step *step;

	if (!cause_disagrees(facts, "size") || facts->sides[0].size < 0 || facts->sides[1].size < 0)
		return false;
	file = loaded(facts, &facts->sides[0]) ? &facts->sides[0] : &facts->sides[1];
	now = &facts->sides[file == &facts->sides[0]];
	step = loaded(facts, file);
	if (!step || !now->lineage || loaded(facts, now) || is_data(facts, step))
		return false;
	out->setting = only_called(facts, now->size, "size dim num width features channels classes vocab");
	out->confidence = "likely";
	if (tell_resized(facts, out, file, now, step))
		return true;
	text_add(&out->text, "%s was loaded from a checkpoint that was made with %" PRId64 " (", cause_operand_name(facts, file->place), file->size);
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, "); what it meets here, %s, has %" PRId64, cause_operand_name(facts, now->place), now->size);
	cause_add_number(facts, &out->text, out->setting);
	if (cause_decider(now))
		cause_add_decided(facts, &out->evidence, now->size, cause_decider(now));
	text_add(&out->fix, "don't restore it into this run (start it anew with %" PRId64 ", or carry its %" PRId64 " over and add the rest), or run with what the checkpoint "
		 "was made for", now->size, file->size);
	return true;
}
