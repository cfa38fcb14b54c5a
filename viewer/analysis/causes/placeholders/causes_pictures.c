/* Rules about pictures that are put together: how they were scaled, how many channels they have. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define SIDE_LEAST 16  /* of a picture that was scaled */
#define CELL_LEAST 4   /* of what has channels at all (latents, masks of them) */
#define CALLS_ENOUGH 3
#define TOLD_MOST 6

static bool
is_mode(int64_t channels)
{
	return channels == 1 || channels == 3 || channels == 4;
}

/* The channels' dimension of IS: before height and width, or the last; -1. */
static int
channels_of(const struct operand *is)
{
	if (is->ndim < 3)
		return -1;
	if (is_mode(is->sizes[is->ndim - 3]) && is->sizes[is->ndim - 2] >= CELL_LEAST && is->sizes[is->ndim - 1] >= CELL_LEAST)
		return is->ndim - 3;
	return is_mode(is->sizes[is->ndim - 1]) && is->sizes[is->ndim - 3] >= CELL_LEAST && is->sizes[is->ndim - 2] >= CELL_LEAST ? is->ndim - 1 : -1;
}

#define STEREO_LEAST 64 /* values of a channel, that two of them are a recording's */

bool
cause_is_stereo(const struct operand *is, int dim)
{
	bool sound = is->dtype && (rule_is_floating(is->dtype) || strcmp(is->dtype, "int16") == 0);

	for (int d = 0; sound && is->sizes[dim] == 2 && d < is->ndim; d++)
		if (d != dim && is->sizes[d] >= STEREO_LEAST)
			return true;
	return false;
}

bool
cause_tell_mode(const struct operand *is, int dim, int64_t wanted, struct text *text, struct text *fix)
{
	int64_t has = dim >= 0 && channels_of(is) == dim ? is->sizes[dim] : 0;

	if (!has || !is_mode(wanted) || wanted == has)
		return false;
	text_add(text, "%s", has == 1 ? SAY("a grey picture") : has == 4 ? SAY("a picture with an alpha channel (RGBA)") : SAY("a picture with colours"));
	text_add(fix, "bring every picture to one mode when it is read: convert('%s')", wanted == 1 ? "L" : wanted == 4 ? "RGBA" : "RGB");
	return true;
}

/* The channels that IS, one number for each of them ([3, 1, 1], [1, 3, 1, 1], or [3] for the last dimension), has in DIM. */
static bool
are_per_channel(const struct operand *is, int dim)
{
	for (int d = 0; d < is->ndim; d++)
		if (d != dim && is->sizes[d] != 1)
			return false;
	return dim >= 0 && dim < is->ndim && is_mode(is->sizes[dim]);
}

/* A picture meets numbers for the channels of another mode (a mean, a deviation), as those of its line never did before. */
static bool
tell_numbers(const struct cause_facts *facts, struct cause *out)
{
	for (int i = 0; i < 2; i++) {
		const struct cause_side *picture = &facts->sides[i], *numbers = &facts->sides[!i];
		const struct operand *is = picture->place >= 0 ? &facts->event->operands[picture->place] : NULL;
		const struct operand *per = numbers->place >= 0 ? &facts->event->operands[numbers->place] : NULL;
		struct text mode = {{0}, 0};

		if (!is || !per || !are_per_channel(per, numbers->dim) || channels_of(is) != picture->dim || per->ndim - numbers->dim != is->ndim - picture->dim ||
		    picture->calls < CALLS_ENOUGH || picture->smallest != picture->largest || picture->largest != numbers->size ||
		    !cause_tell_mode(is, picture->dim, numbers->size, &mode, &out->fix))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s is %s: %" PRId64 " channel%s in dimension %d, where %s has one number for each of %" PRId64, cause_operand_name(facts, picture->place), mode.data,
			 picture->size, language_plural(picture->size), picture->dim, cause_operand_name(facts, numbers->place), numbers->size);
		if (cause_decider(picture)) {
			text_add(&out->text, "; made by ");
			cause_add_step(facts, &out->text, cause_decider(picture));
		}
		text_add(&out->evidence, "in %" PRId64 " earlier calls it always had %" PRId64, picture->calls, picture->largest);
		return true;
	}
	return false;
}

/* Needs: pictures that are stacked and have 1, 3 or 4 channels, not all as many; and that they were always as many before, or were brought from height,
 * width, channels into their form (else they may be something that is counted: one mask for each thing seen). Or a picture that meets numbers for its
 * channels, which it had as many of in every call before. */
bool
cause_picture_mode(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *odd = &facts->sides[0];
	struct text mode = {{0}, 0};

	if (cause_disagrees(facts, "size") && cause_is_elementwise(facts) && tell_numbers(facts, out))
		return true;
	if (!cause_disagrees(facts, "size") || !cause_is(facts, "stack") || mismatch->operand < 0 || mismatch->against < 0 ||
	    facts->event->operands[mismatch->operand].item < 0 || mismatch->dim != channels_of(&facts->event->operands[mismatch->against]) ||
	    (!cause_step_any(odd, "permute") && (odd->calls < CALLS_ENOUGH || odd->smallest != odd->largest || odd->largest != mismatch->expected)) ||
	    !cause_tell_mode(&facts->event->operands[mismatch->operand], mismatch->dim, mismatch->expected, &mode, &out->fix))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "number %d of those that are joined (%s) is %s: %" PRId64 " channel%s in dimension %d, where %" PRId64 " are expected",
		 facts->event->operands[mismatch->operand].item, cause_operand_name(facts, mismatch->operand), mode.data, mismatch->actual,
		 language_plural(mismatch->actual), mismatch->dim, mismatch->expected);
	if (cause_decider(odd)) {
		text_add(&out->text, "; made by ");
		cause_add_step(facts, &out->text, cause_decider(odd));
	}
	return true;
}

/* Pictures of one shorter side; how many longer ones there are that are no square's, up to 2. */
struct scaled { int64_t side, longer; int count, others; bool wide, tall, colours; struct text sizes; };

/* "84 x 64" of one more; false if it is no picture, or of another shorter side. */
static bool
add_picture(struct scaled *scaled, const struct operand *is)
{
	int channels = channels_of(is), first = channels == is->ndim - 1 ? is->ndim - 3 : is->ndim - 2;
	int64_t height, width;

	if (channels < 0)
		return false;
	height = is->sizes[first];
	width = is->sizes[first + 1];
	if (scaled->count && (height < width ? height : width) != scaled->side)
		return false;
	scaled->side = height < width ? height : width;
	scaled->wide = scaled->wide || width > height;
	scaled->tall = scaled->tall || height > width;
	scaled->colours = is->sizes[channels] > 1;
	if (height != width && height + width != scaled->longer && scaled->others < 2) {
		scaled->longer = height + width;
		scaled->others++;
	}
	if (scaled->count < TOLD_MOST)
		text_add(&scaled->sizes, "%s%" PRId64 "%s%" PRId64, scaled->count ? ", " : "", height, "x", width);
	scaled->count++;
	return true;
}

/* Did the odd one come in through an image library's transforms, or was it scaled by an operation? */
static bool
is_transformed(const struct cause_facts *facts, const struct lineage_step *step)
{
	json_t *frames = facts->source && step->event.site >= 0 ? where_site_frames(facts->source, facts->process, step->event.site) : NULL;
	bool found = strstr(step->event.operation, "upsample") != NULL;

	for (size_t i = 0; i < json_array_size(frames) && step->entered; i++) {
		const char *file = text_get(json_array_get(frames, i), "file");

		found = found || (!where_is_program(file) && (strstr(file, "/transforms") || strstr(file, "/image_")));
	}
	json_decref(frames);
	return found;
}

/* What a file or the command line sets a shorter side to by name ("shortest_edge: 224"): of SIZE; NULL. */
static const struct setting *
set_edge(const struct cause_facts *facts, int64_t size)
{
	for (int i = 0; facts->settings && i < facts->settings->count; i++)
		if (facts->settings->list[i].value == size && strncmp(facts->settings->list[i].key, "short", 5) == 0)
			return &facts->settings->list[i];
	return NULL;
}

/* Needs: pictures that are joined, all of one size on their shorter side and of several on the longer, which no number was asked for; several that
 * differ, or one that was transformed as pictures are. Likely where some lie and some stand, or pictures with colours were all square before or have
 * there what a name says (a spectrogram is as high for every length). */
bool
cause_shorter_side(const struct cause_facts *facts, struct cause *out)
{
	static const char sides[] = "img image picture resolution height width side edge crop";
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *odd = &facts->sides[0];
	const struct lineage_step *step = cause_decider(odd);
	struct scaled scaled = { .count = 0 };
	const struct setting *edge;
	bool square;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, "stack cat concat concatenate") || mismatch->operand < 0 || mismatch->dim < 0 ||
	    facts->event->operands[mismatch->operand].item < 0 || mismatch->dim == channels_of(&facts->event->operands[mismatch->operand]))
		return false;
	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1))
		if (facts->event->operands[i].item >= 0 && !add_picture(&scaled, &facts->event->operands[i]))
			return false;
	if (scaled.count < 2 || scaled.side < SIDE_LEAST || (step && !step->entered && !is_transformed(facts, step)) ||
	    (scaled.others < 2 && (!step || !is_transformed(facts, step))))
		return false;
	square = odd->calls >= CALLS_ENOUGH && odd->smallest == odd->largest && odd->largest == scaled.side;
	out->setting = cause_named_number(facts, scaled.side, sides);
	if (!cause_is_called(out->setting, sides))
		out->setting = NULL;
	edge = set_edge(facts, scaled.side);
	if (!(scaled.wide && scaled.tall) && !(scaled.colours && (square || out->setting || edge)))
		return false;
	if (edge && !strstr(text_get(out->setting, "name"), edge->key))
		out->setting = NULL; /* no other name of that value */
	out->confidence = "likely";
	text_add(&out->text, "the pictures were scaled by their shorter side alone: it is %" PRId64, scaled.side);
	if (edge && !out->setting && edge->file >= 0)
		text_add(&out->text, " (%s, %s:%d)", edge->key, text_basename(facts->settings->files[edge->file]), edge->line);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, " in each, and the other what the picture's own proportions make it (%s)", scaled.sizes.data);
	if (square)
		text_add(&out->evidence, "in %" PRId64 " earlier calls the pictures were square, %" PRId64 " x %" PRId64 "; ", odd->calls, scaled.side, scaled.side);
	if (step) {
		text_add(&out->evidence, "number %d was made by ", facts->event->operands[mismatch->operand].item);
		cause_add_step(facts, &out->evidence, step);
	}
	text_add(&out->fix, "scale both sides: Resize((%" PRId64 ", %" PRId64 ")) instead of Resize(%" PRId64 "), a height and a width in a processor's size; or cut each to %" PRId64 " x %" PRId64
		 " after it (CenterCrop, RandomCrop)", scaled.side, scaled.side, scaled.side, scaled.side, scaled.side);
	return true;
}
