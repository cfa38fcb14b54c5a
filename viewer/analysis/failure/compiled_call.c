#include "compiled_call.h"

#include <ctype.h>
#include <string.h>

#include "../text.h"

#define NAMED_MOST 7

static const struct { const char *operations, *names[NAMED_MOST]; } argument_names[] = {
	{ "linear embedding", { "input", "weight", "bias" } },
	{ "conv1d conv2d conv3d", { "input", "weight", "bias", "stride", "padding", "dilation", "groups" } },
	{ "mm bmm", { "self", "mat2" } },
	{ "addmm baddbmm", { "self", "mat1", "mat2" } },
	{ "cross_entropy mse_loss nll_loss", { "self", "target", "weight" } },
	{ "cat concat concatenate stack", { "tensors", "dim" } },
	{ "scaled_dot_product_attention", { "query", "key", "value", "attn_mask", "dropout_p", "is_causal" } },
};

const char *
compiled_argument_name(const char *operation, int place)
{
	for (size_t i = 0; i < sizeof(argument_names) / sizeof(*argument_names) && place < NAMED_MOST; i++)
		if (text_among(argument_names[i].operations, operation))
			return argument_names[i].names[place];
	return NULL;
}

const char *
compiled_find_call(const char *message, char *name, size_t size)
{
	static const char *const marks[] = { "<built-in function ", "<built-in method ", "<function ", "call_method " };
	const char *at = message ? strstr(message, "fake tensors: call_") : NULL, *begin = at ? strstr(at, "(*(") : NULL;

	for (size_t i = 0; begin && i < sizeof(marks) / sizeof(*marks); i++) {
		const char *word = strstr(at, marks[i]);
		size_t length = 0;

		if (!word || word > begin)
			continue;
		word += strlen(marks[i]);
		while (isalnum((unsigned char)word[length]) || word[length] == '_')
			length++;
		text_format(name, size, "%.*s", (int)length, word);
		return length ? begin + 3 : NULL;
	}
	return NULL;
}

bool
compiled_answer(const char *message, char *out, size_t size)
{
	const char *at = message ? strstr(message, "fake tensors: call_") : NULL, *answer = at ? strstr(at, "): got ") : NULL;

	if (answer)
		text_format(out, size, "%.*s", (int)strcspn(answer + 7, "\n"), answer + 7);
	return answer != NULL;
}

const char *
compiled_argument_end(const char *at)
{
	for (int depth = 0; *at; at++) {
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		if (depth < 0 || (depth == 0 && *at == ','))
			break;
	}
	return at;
}

const char *
compiled_call_end(const char *call)
{
	static const char keywords[] = "), **{";
	int depth = 0;

	for (const char *at = call; *at; at++) {
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		if (depth < 0 && strncmp(at, keywords, strlen(keywords)) == 0) {
			at += strlen(keywords) - 1;
			depth = 0;
		} else if (depth < 0)
			return at;
	}
	return NULL;
}

void
compiled_start(struct compiled_call *out, const char *at)
{
	*out = (struct compiled_call){ .at = at, .end = at, .place = -1 };
}

bool
compiled_next_argument(struct compiled_call *call)
{
	static const char keywords[] = "), **{";
	const char *at = call->end + (*call->end == ',' && call->place >= 0);
	bool named = *call->keyword;

	at += strspn(at, " ");
	if (!named && strncmp(at, keywords, strlen(keywords)) == 0) {
		at += strlen(keywords);
		named = true;
	}
	*call->keyword = 0;
	if (!*at || *at == ')' || *at == '}')
		return false;
	if (named) {
		size_t length = *at == '\'' ? strcspn(at + 1, "'") : 0;

		if (!length || length >= sizeof(call->keyword) || strncmp(at + 1 + length, "': ", 3) != 0)
			return false;
		text_format(call->keyword, sizeof(call->keyword), "%.*s", (int)length, at + 1);
		at += length + 4;
	}
	call->place++;
	call->at = at;
	call->end = compiled_argument_end(at);
	return true;
}
