/* Call sites. See frames_site.h. */
#include <stdbool.h>

#include "../schema/box.h"
#include "dictionary.h"
#include "frames.h"
#include "frames_layout.h"
#include "frames_site.h"

#define FAR_MAX 400 /* frames of a stack that is walked as a whole */
#define NEAR 8      /* calls more or less than at the last event, at most, for which the memo is tried from within */
#define INLINE static inline __attribute__((always_inline))

uint64_t frames_codes_ended;

INLINE uint64_t
codes_ended(void)
{
	return __atomic_load_n(&frames_codes_ended, __ATOMIC_RELAXED);
}

/* Every frame of MEMO is compared with all that its code object says; ENDED was read before. Where nobody counts it holds for this once. */
INLINE void
set_compared(struct frames_memo *memo, uint64_t ended)
{
	memo->codes_ended = ended ? ended : UINT64_MAX;
}

/* Sums are a polynomial over the frames' hashes, so that the sum of the innermost BOX_SITE_INNER follows from two. */
#define BASE 0x9fb21c651e98df25ull
#define BASE_2 (BASE * BASE)
#define BASE_4 (BASE_2 * BASE_2)
#define BASE_8 (BASE_4 * BASE_4)
#define BASE_INNER (BASE_8 * BASE_8)
_Static_assert(BOX_SITE_INNER == 16, "BASE_INNER is BASE to the power of BOX_SITE_INNER");

/* The frame's reference; SITE learns its text. */
static uint32_t
intern_frame(const char *code, const char *instruction, struct site_text *site)
{
	const void *file, *function;
	struct frame_ref ref = { code, frame_lasti(&frame_layout, code, instruction) };
	struct box_frame frame;
	char path[1024], name[1024];
	int first_line;

	frames_code(code, &file, &function, &first_line);
	size_t path_size = frames_text(file, path, sizeof path), name_size = frames_text(function, name, sizeof name);
	frame.file = dictionary_string(path, path_size);
	frame.function = dictionary_string(name, name_size);
	frame.line = frames_line(&ref);
	site_add(site, path, path_size, name, name_size, frame.line);
	frame.first_line = first_line;
	return dictionary_frame(&frame);
}

INLINE uint64_t
hash_of(const struct frames_memo_frame *frame)
{
	return dictionary_mix(frame->text, (uintptr_t)frame->instruction);
}

INLINE struct frames_memo_frame
read_frame(const struct frame_layout *layout, const char *frame)
{
	const char *code = frame_code(layout, frame);
	struct frames_memo_frame read = {
		.frame = frame, .code = code, .instruction = frame_instruction(layout, frame),
		.file = frame_pointer(code, layout->code_file), .name = frame_pointer(code, layout->code_name),
		.first_line = *(const unsigned *)(code + layout->code_first_line),
	};

	read.text = dictionary_mix((uintptr_t)code, dictionary_mix((uintptr_t)read.name, (uintptr_t)read.file ^ read.first_line << 32));
	return read;
}

INLINE void
take_frame(const struct frame_layout *layout, struct frames_memo_frame *at, const char *frame)
{
	*at = read_frame(layout, frame);
}

INLINE bool
is_same(const struct frame_layout *layout, const struct frames_memo_frame *known, const char *frame)
{
	const char *code = frame_code(layout, frame);
	uint64_t differs = (uintptr_t)known->code ^ (uintptr_t)code;

	differs |= (uintptr_t)known->instruction ^ (uintptr_t)frame_instruction(layout, frame);
	differs |= (uintptr_t)known->file ^ (uintptr_t)frame_pointer(code, layout->code_file);
	differs |= (uintptr_t)known->name ^ (uintptr_t)frame_pointer(code, layout->code_name);
	differs |= known->first_line ^ *(const unsigned *)(code + layout->code_first_line);
	return !differs;
}

/* Does FRAME, whose code object is one that was there at the last walk, stand where KNOWN says? */
INLINE bool
stands_there(const struct frame_layout *layout, const struct frames_memo_frame *known, const char *frame)
{
	return frame_instruction(layout, frame) == known->instruction
	       && (!layout->instruction_unit || frame_code(layout, frame) == known->code);
}

/* As long as no code object has ended: are the frames around FRAME, which is AT's, those that BASE has, and stand where they stood? */
INLINE bool
same_around(const struct frame_layout *layout, const struct frames_memo_frame *at, const struct frames_memo_frame *base, const char *frame)
{
	for (; at > base; at--) {
		frame = frame_pointer(frame, layout->frame_previous);
		if (frame != at[-1].frame && frame_python(layout, frame) != at[-1].frame)
			return false;
		frame = at[-1].frame;
		if (!stands_there(layout, &at[-1], frame))
			return false;
	}
	return !frame_around(layout, frame);
}

/* The site of KEY is made: of INNER frames of the COUNT and OUTER, BETWEEN more aren't among them. */
static __attribute__((noinline)) uint32_t
make_site(uint64_t key, const struct frames_memo_frame *at, uint32_t count, uint32_t inner, uint32_t outer, uint32_t between)
{
	uint32_t frames[BOX_SITE_INNER + BOX_SITE_OUTER];
	struct site_text text = site_begin();

	for (uint32_t i = 0; i < inner; i++)
		frames[i] = intern_frame(at[count - 1 - i].code, at[count - 1 - i].instruction, &text);
	for (uint32_t i = 0; i < outer; i++)
		frames[inner + i] = intern_frame(at[outer - 1 - i].code, at[outer - 1 - i].instruction, &text);
	return dictionary_site_add(key, frames, (int)inner, (int)outer, (int)(count - inner - outer + between), &text);
}

/* The site of COUNT frames whose sums are right, and BETWEEN more that aren't among them: found, or made. */
static uint32_t
site_of(struct frames_memo *memo, uint32_t count, uint32_t between)
{
	const struct frames_memo_frame *at = memo->at;
	uint32_t inner = count < BOX_SITE_INNER ? count : BOX_SITE_INNER;
	uint32_t outer = count - inner < BOX_SITE_OUTER ? count - inner : BOX_SITE_OUTER;
	uint64_t innermost = at[count - 1].sum - (count > inner ? at[count - inner - 1].sum * BASE_INNER : 0);
	uint64_t key = dictionary_mix(innermost, (outer ? at[outer - 1].sum : 0) + count + between);

	memo->key = key;
	if (memo->guess && memo->guess->key == key)
		return memo->guess->site;
	uint32_t site = dictionary_site_find(key);
	return __builtin_expect(site != BOX_NONE, 1) ? site : make_site(key, at, count, inner, outer, between);
}

/* The sums of the frames from place FIRST to COUNT. */
static void
add_up(struct frames_memo_frame *at, uint32_t first, uint32_t count)
{
	uint64_t sum = first ? at[first - 1].sum : 0;

	for (uint32_t i = first; i < count; i++)
		at[i].sum = sum = sum * BASE + hash_of(&at[i]);
}

/* A stack that is deeper than a memo: what names its site is put side by side. */
static __attribute__((noinline)) uint32_t
site_far(const struct frame_layout *layout, struct frames_memo *memo, const char *const *frames, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = count; i-- > 0;)
		if (i < BOX_SITE_INNER || i >= count - BOX_SITE_OUTER)
			memo->at[kept++] = read_frame(layout, frames[i]);
	memo->count = 0;
	add_up(memo->at, 0, kept);
	return site_of(memo, kept, count - kept);
}

/* The memo holds COUNT frames now; those from place CHANGED on are not what they were. */
INLINE uint32_t
settle(struct frames_memo *memo, uint32_t count, uint32_t changed)
{
	if (changed >= count && count == memo->count)
		return memo->site;
	add_up(memo->at, changed, count);
	memo->site = site_of(memo, count, 0);
	memo->count = memo->site == BOX_NONE ? 0 : count;
	return memo->site;
}

/* A stack that has little in common with the memo's. */
static __attribute__((noinline)) uint32_t
site_anew(const struct frame_layout *layout, struct frames_memo *memo, const char *frame)
{
	const char *frames[FAR_MAX];
	uint32_t count = 0;

	for (; frame && count < FAR_MAX; frame = frame_around(layout, frame))
		frames[count++] = frame;
	if (count > FRAMES_MEMO)
		return site_far(layout, memo, frames, count);
	set_compared(memo, codes_ended());
	for (uint32_t place = 0; place < count; place++)
		memo->at[place] = read_frame(layout, frames[count - 1 - place]);
	return settle(memo, count, 0);
}

/* FRAME is the one at PLACE of the memo: are those around it the memo's, one by one? CHANGED gets the place of the outermost that isn't
 * as it was. */
INLINE bool
compare_around(const struct frame_layout *layout, struct frames_memo *memo, uint32_t place, const char *frame, uint32_t *changed)
{
	for (struct frames_memo_frame *at = &memo->at[place];; at--, place--) {
		if (!is_same(layout, at, frame)) {
			take_frame(layout, at, frame);
			*changed = place;
		}
		frame = frame_around(layout, frame);
		if (at == memo->at)
			return !frame;
		if (frame != at[-1].frame)
			return false;
		if (!frame) /* the memo has none such */
			__builtin_unreachable();
	}
}

/* FRAME, the memo's innermost, around which all is as it was, stands elsewhere. */
INLINE uint32_t
moved(const struct frame_layout *layout, struct frames_memo *memo, const char *frame)
{
	uint32_t place = memo->count - 1;
	struct frames_memo_frame *at = &memo->at[place];

	if (frame_code(layout, frame) == at->code)
		at->instruction = frame_instruction(layout, frame);
	else
		take_frame(layout, at, frame);
	return settle(memo, memo->count, place);
}

/* The stack of INNERMOST, whatever it has in common with the memo's. */
INLINE uint32_t
site_compared(const struct frame_layout *layout, struct frames_memo *memo, const char *innermost)
{
	const char *fresh[NEAR], *frame = innermost = frame_python(layout, innermost);
	uint32_t near = memo->count > NEAR ? memo->count - NEAR : 0, calls = 0, place;
	uint64_t ended = codes_ended();

	if (!frame)
		return 0;
	/* The innermost frame that was there before: some calls further out than now, or than then. */
	for (;;) {
		for (place = memo->count; place > near && memo->at[place - 1].frame != frame;)
			place--;
		if (place > near)
			break;
		if (calls == NEAR || memo->count + NEAR > FRAMES_MEMO)
			return site_anew(layout, memo, innermost);
		fresh[calls++] = frame;
		frame = frame_around(layout, frame);
		if (!frame)
			return site_anew(layout, memo, innermost);
	}
	uint32_t known = place--, count = known + calls, changed = known;
	struct frames_memo_frame *at = &memo->at[place];
	if (memo->codes_ended == ended && same_around(layout, at, memo->at, frame)) {
		if (!stands_there(layout, at, frame)) {
			take_frame(layout, at, frame);
			changed = place;
		}
	} else if (compare_around(layout, memo, place, frame, &changed)) {
		set_compared(memo, ended);
	} else {
		return site_anew(layout, memo, innermost);
	}
	for (uint32_t i = 0; i < calls; i++)
		take_frame(layout, &memo->at[known + i], fresh[calls - 1 - i]);
	return settle(memo, count, changed);
}

/* For each layout, a constant each. Mostly the innermost frame is the one that it was, and stands where it stood or a little further on. */
#define SITE_BY(number) \
	static __attribute__((noinline)) uint32_t \
	moved_##number(struct frames_memo *memo, const char *frame) \
	{ \
		return moved(&frame_layouts[number], memo, frame); \
	} \
	static __attribute__((noinline)) uint32_t \
	compared_##number(struct frames_memo *memo, const char *frame) \
	{ \
		return site_compared(&frame_layouts[number], memo, frame); \
	} \
	static uint32_t \
	site_by_##number(struct frames_memo *memo, const char *frame) \
	{ \
		const struct frames_memo_frame *at = &memo->at[memo->count - 1]; \
		if (!memo->count || at->frame != frame || memo->codes_ended != codes_ended() \
		    || !same_around(&frame_layouts[number], at, memo->at, frame)) \
			return compared_##number(memo, frame); \
		return stands_there(&frame_layouts[number], at, frame) ? memo->site : moved_##number(memo, frame); \
	}
SITE_BY(0) SITE_BY(1) SITE_BY(2) SITE_BY(3) SITE_BY(4)

static uint32_t (*const by_number[FRAME_LAYOUTS])(struct frames_memo *, const char *) = { site_by_0, site_by_1, site_by_2, site_by_3, site_by_4 };
static uint32_t (*site_of_stack)(struct frames_memo *, const char *) = site_by_0;

void
frames_site_select(int number)
{
	site_of_stack = by_number[number];
}

uint32_t
frames_site(struct frames_memo *memo, const void *frame)
{
	return frame ? site_of_stack(memo, frame) : 0;
}
