"""The tones of films changed while training: moved towards another film's, and retouched.

In and out: float32 (N, 1, S, S), displayed tones in [0, 1], on the batch's device.
"""

from typing import Literal

import torch
from torch import Tensor

Lighting = Literal["tones", "logits"]

NEUTRAL = (1.0, 1.0, 0.0, 0.0, 0.0)  # of `retone`, which leaves such films as they are


def expose(films: Tensor, source: Tensor, extent: Tensor) -> Tensor:
    """Each film's tones, moved towards the spread of tones of another film of the batch.

    The 33 quantiles go towards the source's, and the tones between with them; their order stays.

    Parameters
    ----------
    source
        int64 (N,), the film whose spread is taken; the film itself for none.
    extent
        float32 (N,), how far, 0 to 1.
    """
    takers = ((source != torch.arange(len(source))) & (extent > 0)).nonzero().flatten()
    if not len(takers):
        return films
    step = max(1, films.shape[-1] // 40)  # some 40 x 40 pixels tell the quantiles
    levels = torch.linspace(0, 1, 33, device=films.device)
    own = films[..., ::step, ::step].flatten(1).quantile(levels, dim=1).T.contiguous()
    own = own + levels * 1e-4  # strictly rising, also where many pixels share a tone
    givers, takers = source[takers].to(films.device), takers.to(films.device)
    share = extent.to(films)[takers].unsqueeze(1)
    changed, own, theirs = films.clone(), own[takers], own[givers]
    wanted, tones = own.lerp(theirs, share), films[takers].flatten(1)
    above = torch.searchsorted(own, tones).clamp(1, 32)
    low, high = own.gather(1, above - 1), own.gather(1, above)
    part = ((tones - low) / (high - low)).clamp(0, 1)
    toned = wanted.gather(1, above - 1).lerp(wanted.gather(1, above), part)
    changed[takers] = toned.view(-1, *films.shape[1:])
    return changed


def retone(films: Tensor, tone: Tensor, lighting: Lighting = "tones") -> Tensor:
    """Each film's tones curved, stretched about their mean, lifted and sloped; cut off at 0 and 1.

    Parameters
    ----------
    tone
        float32 (N, 5): gamma, contrast, brightness, slope down, slope across.
    lighting
        "logits": lifted and then stretched are the tones' logits, about 0, so that black and white
        stay. Brightness is then a logit: log(level / (1 - level)), level 0.5 = unchanged.

    References
    ----------
    fast.ai v1, `vision/transform.py`: `brightness` adds logit(change) to a picture's logits and
    `contrast`, which comes after it, multiplies them by its scale; a sigmoid takes them back.
    """
    changing = (tone != torch.tensor(NEUTRAL)).any(dim=1).nonzero().flatten()
    if not len(changing):
        return films
    if len(changing) < len(films):
        changed, chosen = films.clone(), changing.to(films.device)
        changed[chosen] = retone(films[chosen], tone[changing], lighting)
        return changed
    gamma, contrast, brightness, down, across = tone.to(films).view(-1, 5, 1, 1, 1).unbind(1)
    curved = films.clamp(0.0, 1.0) ** gamma
    slope_down = torch.linspace(-0.5, 0.5, films.shape[-2], device=films.device).view(1, 1, -1, 1)
    slope_across = torch.linspace(-0.5, 0.5, films.shape[-1], device=films.device)
    if lighting == "logits":
        stretched = torch.sigmoid((torch.logit(curved) + brightness) * contrast)
    else:
        mean = curved.mean(dim=(1, 2, 3), keepdim=True)
        stretched = (curved - mean) * contrast + mean + brightness
    return (stretched + down * slope_down + across * slope_across).clamp(0.0, 1.0)
