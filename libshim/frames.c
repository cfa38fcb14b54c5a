/* Python frames without the GIL: layouts, the walk, and the call site on the hot path. See frames.h. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "../schema/box.h"
#include "dictionary.h"
#include "frames.h"

/* Byte offsets of one CPython minor version. -1: not there. */
struct frame_layout {
	int minor;
	short state_first;   /* thread state -> frame, or -> cframe */
	short state_second;  /* cframe -> frame; -1: state_first is the frame */
	short frame_code, frame_previous, frame_instruction;
	short frame_owner;   /* -1: no such field */
	short instruction_unit; /* 0: a pointer into the code; else an index times this many bytes */
	short code_file, code_name, code_qualified, code_first_line, code_bytes;
	short text_ascii, text_wide; /* where a compact str's characters begin */
};

static const struct frame_layout layouts[] = {
	{ 10, 24, -1, 32, 24, 96, -1, 2, 104, 112, 112, 40, 0, 48, 72 },
	{ 11, 56, 8, 32, 48, 56, 69, 0, 112, 120, 128, 72, 184, 48, 72 },
	{ 12, 56, 0, 0, 8, 56, 70, 0, 112, 120, 128, 68, 192, 40, 56 },
	{ 13, 72, -1, 0, 8, 56, 70, 0, 112, 120, 128, 68, 200, 40, 56 },
};

#define OWNER_C_STACK 3
#define WALK_MAX 400

static struct frame_layout layout;
static bool allowed;
static const char *(*thread_state)(void);
static int (*address_line)(const void *code, int lasti);

bool
frames_select(void)
{
	const char *(*version)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, "Py_GetVersion");
	const char *text = version ? version() : NULL;

	thread_state = (const char *(*)(void))dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState");
	address_line = (int (*)(const void *, int))dlsym(RTLD_DEFAULT, "PyCode_Addr2Line");
	if (!text || !thread_state || !address_line || strncmp(text, "3.", 2))
		return false;
	int minor = atoi(text + 2);
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
		if (layouts[i].minor == minor) {
			layout = layouts[i];
			return true;
		}
	return false;
}

void
frames_allow(bool ok)
{
	__atomic_store_n(&allowed, ok, __ATOMIC_RELEASE);
}

bool
frames_allowed(void)
{
	return __atomic_load_n(&allowed, __ATOMIC_ACQUIRE);
}

static inline const char *
pointer_at(const char *base, short offset)
{
	return *(const char *const *)(base + offset);
}

static inline const char *
frame_first(void)
{
	const char *state = thread_state();

	if (!state)
		return NULL;
	state = pointer_at(state, layout.state_first);
	return state && layout.state_second >= 0 ? pointer_at(state, layout.state_second) : state;
}

static inline bool
frame_is_python(const char *frame)
{
	return layout.frame_owner < 0 || frame[layout.frame_owner] != OWNER_C_STACK;
}

static inline int
instruction_offset(const char *code, const char *instruction)
{
	return layout.instruction_unit ? (int)(uintptr_t)instruction * layout.instruction_unit
				       : (int)(instruction - (code + layout.code_bytes));
}

static inline const char *
frame_instruction(const char *frame)
{
	return layout.instruction_unit ? (const char *)(uintptr_t) * (const unsigned *)(frame + layout.frame_instruction)
				       : pointer_at(frame, layout.frame_instruction);
}

int
frames_walk(struct frame_ref *out, int max)
{
	int count = 0;

	if (!layout.minor)
		return 0;
	for (const char *frame = frame_first(); frame && count < max; frame = pointer_at(frame, layout.frame_previous)) {
		if (!frame_is_python(frame))
			continue;
		const char *code = pointer_at(frame, layout.frame_code);
		out[count].code = code;
		out[count++].lasti = instruction_offset(code, frame_instruction(frame));
	}
	return count;
}

void
frames_code(const void *code, const void **file, const void **function, int *first_line)
{
	*file = pointer_at(code, layout.code_file);
	*function = pointer_at(code, layout.code_qualified);
	*first_line = *(const int *)((const char *)code + layout.code_first_line);
}

int
frames_line(const struct frame_ref *ref)
{
	int line = address_line ? address_line(ref->code, ref->lasti) : 0;

	return line > 0 ? line : 0;
}

static size_t
encode_utf8(uint32_t c, char *out)
{
	if (c < 0x80)
		return out[0] = (char)c, 1;
	if (c < 0x800)
		return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)),
		       out[2] = (char)(0x80 | (c & 63)), 3;
	out[0] = (char)(0xf0 | (c >> 18 & 7)), out[1] = (char)(0x80 | (c >> 12 & 63));
	return out[2] = (char)(0x80 | (c >> 6 & 63)), out[3] = (char)(0x80 | (c & 63)), 4;
}

size_t
frames_text(const void *object, char *text, size_t room)
{
	const char *str = object;
	size_t used = 0;

	if (str && room > 8) {
		/* PyASCIIObject: ob_base 16, length 16, hash 24, state 32 {interned:2, kind:3, compact:1, ascii:1} */
		int64_t length = *(const int64_t *)(str + 16);
		uint32_t state = *(const uint32_t *)(str + 32);
		unsigned kind = state >> 2 & 7;
		const char *data = str + (state >> 6 & 1 ? layout.text_ascii : layout.text_wide);
		if (state >> 5 & 1 && (kind == 1 || kind == 2 || kind == 4))
			for (int64_t i = 0; i < length && used + 5 < room; i++) {
				uint32_t c = kind == 1 ? ((const uint8_t *)data)[i]
					   : kind == 2 ? ((const uint16_t *)data)[i]
						       : ((const uint32_t *)data)[i];
				used += encode_utf8(c, text + used);
			}
	}
	if (room)
		text[used] = 0;
	return used;
}

const void *
frames_top(void)
{
	return allowed ? frame_first() : NULL;
}

/* The frame's reference; SITE learns its text. */
static uint32_t
intern_frame(const char *code, const char *instruction, struct site_text *site)
{
	const void *file, *function;
	struct frame_ref ref = { code, instruction_offset(code, instruction) };
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

/* A call site is named by the addresses of its code objects and instructions. Code objects' addresses are reused, so
 * each one's name, file and first line are part of the key. */
static inline uint64_t
frame_key(uint64_t hash, const char *code, const char *instruction)
{
	hash = dictionary_mix(hash ^ (uintptr_t)code, (uintptr_t)instruction);
	return dictionary_mix(hash ^ (uintptr_t)pointer_at(code, layout.code_name),
			      (uintptr_t)pointer_at(code, layout.code_file)
				      ^ (uint64_t) * (const unsigned *)(code + layout.code_first_line) << 32);
}

uint32_t
frames_site(void)
{
	const char *codes[WALK_MAX], *instructions[WALK_MAX];
	uint32_t frames[BOX_SITE_INNER + BOX_SITE_OUTER];
	struct site_text text = site_begin();
	int count = 0;

	if (!allowed)
		return 0;
	for (const char *frame = frame_first(); frame && count < WALK_MAX;
	     frame = pointer_at(frame, layout.frame_previous)) {
		if (!frame_is_python(frame))
			continue;
		codes[count] = pointer_at(frame, layout.frame_code);
		instructions[count++] = frame_instruction(frame);
	}
	if (!count)
		return 0;

	int inner = count < (int)BOX_SITE_INNER ? count : (int)BOX_SITE_INNER;
	int outer = count - inner < (int)BOX_SITE_OUTER ? count - inner : (int)BOX_SITE_OUTER;
	uint64_t key = (uint64_t)count;
	for (int i = 0; i < inner; i++)
		key = frame_key(key, codes[i], instructions[i]);
	for (int i = count - outer; i < count; i++)
		key = frame_key(key, codes[i], instructions[i]);

	uint32_t site = dictionary_site_find(key);
	if (site != BOX_NONE)
		return site;
	for (int i = 0; i < inner; i++)
		frames[i] = intern_frame(codes[i], instructions[i], &text);
	for (int i = 0; i < outer; i++)
		frames[inner + i] = intern_frame(codes[count - outer + i], instructions[count - outer + i], &text);
	return dictionary_site_add(key, frames, inner, outer, count - inner - outer, &text);
}
