"""Names that would be markup, or turn the line around, if a page or a terminal took them as such."""
import torch

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\u202e\x1b[31m`]]>"


class Tower(torch.nn.Module):
    def forward(self, x):
        scope = {"torch": torch, "x": x}
        code = "def fail(données):\n\treturn torch.cat([données, x.new_zeros(3, 5)])\nfail(x)\n"
        exec(compile(code, "/srv/<b>evil</b>&\"'" + EVIL + ".py", "exec"), scope)


model = torch.nn.Module()
model.add_module("<img src=x onerror=alert(2)>", Tower())
try:
    model.get_submodule("<img src=x onerror=alert(2)>")(torch.zeros(2, 4))
except RuntimeError as error:
    raise RuntimeError(EVIL + str(error)) from error
