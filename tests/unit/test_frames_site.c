/* links: libshim */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../libshim/frames.h"
#include "../../libshim/frames_layout.h"
#include "../../libshim/frames_site.h"
#include "shim_fixture.h"

#define CODES 40
#define DEEPEST 160

/* Objects of the Python whose layout is selected, as far as they are read. */
static char text_objects[CODES][96], codes[CODES][256];
static char frames[3][DEEPEST][96], entry[DEEPEST][96];
static char *stack[DEEPEST]; /* [0] is the outermost */
static int depth;

static void
point(char *at, int offset, const void *to)
{
	memcpy(at + offset, &to, sizeof to);
}

static void
make_codes(void)
{
	const struct frame_layout *of = &frame_layout;

	for (int i = 0; i < CODES; i++) {
		int64_t length = snprintf(text_objects[i] + of->text_ascii, 40, "function_%d", i);
		uint32_t state = 1 << 2 | 1 << 5 | 1 << 6; /* one byte a character, compact, ASCII */
		int32_t line = 10 * i + 1;
		memcpy(text_objects[i] + 16, &length, sizeof length);
		memcpy(text_objects[i] + 32, &state, sizeof state);
		point(codes[i], of->code_file, text_objects[i / 4]);
		point(codes[i], of->code_name, text_objects[i]);
		point(codes[i], of->code_qualified, text_objects[i]);
		memcpy(codes[i] + of->code_first_line, &line, sizeof line);
	}
}

/* The frame at PLACE is called from the one around it: in Python itself, or (where frames tell so) through C, by a frame that is the
 * interpreter's own. */
static void
call_it(int place, bool through_c)
{
	const struct frame_layout *of = &frame_layout;
	char *around = place ? stack[place - 1] : NULL;

	if (through_c && of->frame_owner >= 0) {
		entry[place][of->frame_owner] = FRAME_OWNER_C;
		point(entry[place], of->frame_previous, around);
		around = entry[place];
	}
	point(stack[place], of->frame_previous, around);
}

/* The frame at PLACE becomes another: mostly at the address that the last one there had, as in Python; a generator's isn't.
 * A reference to its code object may have a tag. */
static void
set_frame(int place, int code, int instruction)
{
	const struct frame_layout *of = &frame_layout;

	stack[place] = frames[rand() % 16 ? 0 : rand() % 3][place];
	point(stack[place], of->frame_code, codes[code] + (rand() % 2 ? of->code_tags : 0));
	point(stack[place], of->frame_instruction, codes[code] + of->code_bytes + 2 * instruction);
	call_it(place, rand() % 4 == 0);
	if (place + 1 < depth)
		call_it(place + 1, rand() % 4 == 0);
}

static const void *
innermost(void)
{
	return depth ? stack[depth - 1] : NULL;
}

/* A number for what names a call site: depth, and of the frames at its ends code and instruction. */
static uint64_t
model(void)
{
	uint64_t hash = 14695981039346656037ull ^ (uint64_t)depth;

	for (int i = 0; i < depth; i++)
		if (i < (int)BOX_SITE_OUTER || i >= depth - (int)BOX_SITE_INNER) {
			hash = (hash ^ (uintptr_t)frame_code(&frame_layout, stack[i])) * 1099511628211ull;
			hash = (hash ^ (uintptr_t)frame_instruction(&frame_layout, stack[i])) * 1099511628211ull;
			hash = (hash ^ (uintptr_t)frame_pointer(frame_code(&frame_layout, stack[i]), frame_layout.code_name)) * 1099511628211ull;
		}
	return hash;
}

/* The stack moves on: mostly a line, a call or a return near its inner end. */
static void
move_on(void)
{
	int what = rand() % 100, place;

	if (what < 35 && depth) {
		set_frame(depth - 1, rand() % CODES, rand() % 3);
	} else if (what < 60 && depth < DEEPEST) {
		set_frame(depth, rand() % CODES, rand() % 3);
		depth++;
	} else if (what < 80) {
		depth -= depth ? 1 : 0;
	} else if (what < 90) {
		for (int n = rand() % 12; n && depth > 1; n--)
			depth--;
	} else if (what < 96 && depth) { /* another caller, which called the same again */
		place = rand() % depth;
		set_frame(place, rand() % CODES, rand() % 3);
	} else if (what < 98) { /* another stack, at the same addresses */
		int deep = rand() % DEEPEST;
		for (depth = 0; depth < deep; depth++)
			set_frame(depth, rand() % CODES, rand() % 3);
	} else if (depth > 2) { /* its caller is left out: the frame is a generator's, resumed from elsewhere */
		depth--;
		stack[depth - 1] = memcpy(frames[2][depth - 1], stack[depth], sizeof frames[0][0]);
		call_it(depth - 1, false);
	}
}

/* A code object ends, and there is another at its address. */
static void
end_code(int code)
{
	frames_codes_ended++;
	point(codes[code], frame_layout.code_name, text_objects[rand() % CODES]);
}

/* However a stack came about, its site is the one that a walk through all of it gives, and no other stack's; where the ends of code objects
 * are counted, and where they aren't. */
static void
sites_of(int minor, bool counted)
{
	static struct frames_memo memo, none;
	static struct frames_found guesses[256]; /* of sites that there were, right or wrong */
	static struct { uint64_t model; uint32_t site; } seen[8192];
	int count = 0, wrong = 0, alike = 0;

	srand(7);
	CU_ASSERT_FATAL(fixture_open(256 << 20));
	CU_ASSERT_FATAL(frames_select_minor(minor));
	make_codes();
	frames_codes_ended = counted;
	memo.count = 0;
	memset(guesses, 0, sizeof guesses);
	depth = 0;
	for (int step = 0; step < 60000; step++) {
		move_on();
		if (counted && rand() % 20 == 0)
			end_code(rand() % CODES);
		memo.guess = rand() % 4 ? &guesses[rand() % 256] : NULL;
		uint32_t site = frames_site(&memo, innermost());
		if (site)
			guesses[rand() % 256] = (struct frames_found){ memo.key, site };
		none.count = 0;
		wrong += frames_site(&none, innermost()) != site || (site == 0) != (depth == 0) || site == BOX_NONE;
		if (!depth || step % 8)
			continue;
		uint64_t now = model();
		for (int i = 0; i < count; i++) {
			wrong += (seen[i].model == now) != (seen[i].site == site);
			alike += seen[i].site == site;
		}
		if (count < 8192) {
			seen[count].model = now;
			seen[count++].site = site;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(alike > 0);
	frames_codes_ended = 0;
	fixture_remove();
}

static void
a_site_is_its_stack(void)
{
	sites_of(11, false);
	sites_of(11, true);
}

/* An instruction is an index there, the same in many code objects. */
static void
a_site_is_its_stack_in_3_10(void)
{
	sites_of(10, false);
	sites_of(10, true);
}

/* Calls through C have frames of their own, and references to code objects have tags. */
static void
a_site_is_its_stack_in_3_14(void)
{
	sites_of(14, false);
	sites_of(14, true);
}

/* A code object at the address of one that is gone, called from the same place. */
static void
a_code_object_at_an_address_used_before_is_another(void)
{
	static struct frames_memo memo;
	int32_t line = 4711;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	CU_ASSERT_FATAL(frames_select_minor(11));
	make_codes();
	memo.count = 0;
	depth = 0;
	set_frame(depth++, 1, 0);
	set_frame(depth++, 2, 0);
	uint32_t first = frames_site(&memo, innermost());
	CU_ASSERT_EQUAL(frames_site(&memo, innermost()), first);
	memcpy(codes[2] + 72, &line, sizeof line);
	uint32_t second = frames_site(&memo, innermost());
	CU_ASSERT_NOT_EQUAL(second, first);
	point(codes[1], 112, text_objects[9]);
	uint32_t third = frames_site(&memo, innermost());
	CU_ASSERT(third != first && third != second);
	point(codes[1], 120, text_objects[9]);
	CU_ASSERT(frames_site(&memo, innermost()) != third);
	fixture_remove();
}

/* While none has ended, no code object is read; as soon as one has, all are. */
static void
what_code_objects_say_is_read_once_one_has_ended(void)
{
	static struct frames_memo memo;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	CU_ASSERT_FATAL(frames_select_minor(11));
	make_codes();
	memo.count = 0;
	frames_codes_ended = 2;
	for (depth = 0; depth < 60; depth++)
		set_frame(depth, depth % CODES, 0);
	uint32_t first = frames_site(&memo, innermost());
	point(codes[3], frame_layout.code_name, text_objects[9]);
	CU_ASSERT_EQUAL(frames_site(&memo, innermost()), first);
	frames_codes_ended++;
	uint32_t second = frames_site(&memo, innermost());
	CU_ASSERT_NOT_EQUAL(second, first);
	/* Of a frame that no site names as long as the stack is this deep. */
	end_code(30);
	CU_ASSERT_EQUAL(frames_site(&memo, innermost()), second);
	depth = 34;
	memo.count = 0;
	uint32_t shallow = frames_site(&memo, innermost());
	point(codes[30], frame_layout.code_name, text_objects[31]);
	frames_codes_ended++;
	CU_ASSERT_NOT_EQUAL(frames_site(&memo, innermost()), shallow);
	frames_codes_ended = 0;
	fixture_remove();
}

static void
what_is_listed_is_the_stack(void)
{
	static struct frames_memo memo;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	CU_ASSERT_FATAL(frames_select_minor(11));
	make_codes();
	memo.count = 0;
	for (depth = 0; depth < 40; depth++)
		set_frame(depth, depth, 1);
	uint32_t reference = frames_site(&memo, innermost());
	const struct box_site *site = (const struct box_site *)((const char *)box_region(BOX_SITES) + reference * 8ull);
	CU_ASSERT_EQUAL_FATAL(site->frame_count, BOX_SITE_INNER + BOX_SITE_OUTER);
	CU_ASSERT_EQUAL(site->inner_count, BOX_SITE_INNER);
	CU_ASSERT_EQUAL(site->left_out, 8);
	const struct box_frame *listed = box_region(BOX_FRAMES);
	for (int i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(listed[site->frames[i]].first_line, 10 * (i < 16 ? 39 - i : 31 - i) + 1);
	fixture_remove();
}

int
main(void)
{
	if (CU_initialize_registry())
		return CU_get_error();
	CU_pSuite suite = CU_add_suite("frames_site", NULL, NULL);
	CU_add_test(suite, "a site is its stack", a_site_is_its_stack);
	CU_add_test(suite, "a site is its stack in Python 3.10", a_site_is_its_stack_in_3_10);
	CU_add_test(suite, "what code objects say is read once one has ended", what_code_objects_say_is_read_once_one_has_ended);
	CU_add_test(suite, "a site is its stack in Python 3.14", a_site_is_its_stack_in_3_14);
	CU_add_test(suite, "a code object at an address used before is another", a_code_object_at_an_address_used_before_is_another);
	CU_add_test(suite, "what is listed is the stack", what_is_listed_is_the_stack);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
