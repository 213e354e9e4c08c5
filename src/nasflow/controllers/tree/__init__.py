"""The paper's controller: a tree-LSTM policy trained by REINFORCE (Cai et al., ICML 2018, section 3.2)."""
